// novaX in one or more processes, over a database and a bus of their own, with networks in between that can be cut.
import { SQL } from "bun";
import { TcpProxy } from "../support/proxy.ts";
import {
  createTestData,
  type DatabaseKind,
  type Launch,
  startServer,
  type TestData,
  type TestServer,
} from "../support/server.ts";
import { type DatabaseServer, freePort, startPostgres, startRedis } from "../support/services.ts";
import type { Address } from "./client.ts";

export type ClusterShape = {
  database: DatabaseKind;
  nodes: number;
  env?: Record<string, string>;
  launch?: (node: number) => Launch;
};

/** One process, reached through a network of its own. */
export type Node = {
  server: TestServer;
  port: number;
  env: Record<string, string>;
  /** Between clients and it. */
  front: TcpProxy;
  /** Between it and PostgreSQL, and Redis. */
  database: TcpProxy | null;
  redis: TcpProxy | null;
  address: Address;
  isUp: boolean;
};

const settings = { MESSAGES_PER_SECOND: "100000", VISITOR_REQUESTS_PER_SECOND: "100000" };

export class Cluster {
  readonly shape: ClusterShape;
  readonly nodes: Node[] = [];
  postgres: DatabaseServer | null = null;
  redis: Awaited<ReturnType<typeof startRedis>> = null;
  #data: TestData | null = null;
  #sql: SQL | null = null;

  private constructor(shape: ClusterShape) {
    this.shape = shape;
  }

  static async start(shape: ClusterShape): Promise<Cluster> {
    const cluster = new Cluster(shape);
    try {
      await cluster.#start();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  async #start(): Promise<void> {
    const { database, nodes } = this.shape;
    const data = await createTestData("embedded", { isUnmade: database === "postgres" });
    this.#data = data;
    if (database === "postgres") this.postgres = await startPostgres({ isDurable: true });
    if (database === "postgres") this.redis = await startRedis();
    for (let index = 0; index < nodes; index++) await this.#startNode(index);
  }

  async #startNode(index: number): Promise<void> {
    const port = await freePort();
    const database = this.postgres && new TcpProxy(Number(new URL(this.postgres.url).port));
    const redis = this.redis && new TcpProxy(this.redis.port);
    const env: Record<string, string> = { ...this.#data!.env, ...settings, ...this.shape.env };
    if (database) env.DATABASE_URL = withPort(this.postgres!.url, database.port);
    if (redis) env.REDIS_URL = withPort(this.redis!.url, redis.port);
    const server = await this.#launch(index, port, env);
    const front = new TcpProxy(port);
    const address = { url: `http://127.0.0.1:${front.port}`, origin: server.origin };
    this.nodes.push({ server, port, env, front, database, redis, address, isUp: true });
  }

  #launch(index: number, port: number, env: Record<string, string>): Promise<TestServer> {
    return startServer(this.#data!, { env, port, launch: this.shape.launch?.(index) ?? {} });
  }

  /** The address of one of the nodes that take connections, chosen by `random`. */
  pick(random: () => number): Address {
    const up = this.nodes.filter((node) => node.isUp);
    const from = up.length > 0 ? up : this.nodes;
    return from[Math.floor(random() * from.length)]!.address;
  }

  /** Starts a node again that was stopped or killed, with the same networks. */
  async restart(node: Node): Promise<void> {
    node.server = await this.#launch(this.nodes.indexOf(node), node.port, node.env);
    node.isUp = true;
  }

  /** Kills Redis and starts it again at the same port, with nothing in it. */
  async restartRedis(): Promise<void> {
    await this.redis!.stop();
    this.redis = await startRedis(this.redis!.port);
  }

  /** A connection of its own to PostgreSQL. */
  get sql(): SQL {
    this.#sql ??= new SQL(this.postgres!.url, { max: 3 });
    return this.#sql;
  }

  async stop(): Promise<void> {
    for (const { server, front, database, redis } of this.nodes) {
      await server.kill();
      for (const proxy of [front, database, redis]) proxy?.stop();
    }
    await this.#sql?.close();
    await Promise.all([this.postgres?.stop(), this.redis?.stop()]);
    await this.#data?.remove();
  }
}

function withPort(address: string, port: number): string {
  const url = new URL(address);
  url.port = String(port);
  return url.href;
}
