import { afterAll, beforeAll, expect, test } from "bun:test";
import { join, relative, resolve } from "node:path";
import { type ParameterDeclaration, type SourceFile, SyntaxKind } from "typescript/unstable/ast";
import {
  isArrowFunction,
  isFunctionDeclaration,
  isFunctionExpression,
  isIdentifier,
  isVariableStatement,
} from "typescript/unstable/ast/is";
import {
  API,
  type Project,
  type Type,
  TypeFlags,
  type UnionOrIntersectionType,
} from "typescript/unstable/async";

const root = resolve(import.meta.dir, "../..");
const source = join(root, "server/src");
/** The folders of the domain: what they export is called from elsewhere, where only the order says which is which. */
const folders =
  "accounts auth presence people rooms messages threads polls scheduled saved moderation account-data admin notices jobs audit events commands".split(
    " ",
  );
const positionalMax = 3;

type Exported = { name: string; parameters: readonly ParameterDeclaration[] };

let api: API;
let project: Project;

beforeAll(async () => {
  api = new API({ cwd: root });
  const config = join(root, "server/tsconfig.json");
  const snapshot = await api.updateSnapshot({ openProject: config });
  project = snapshot.getProject(config)!;
}, 30_000);
afterAll(() => api.close());

test("an exported function of the domain takes three arguments at most, and then one object that names the rest", async () => {
  const files = (await project.program.getSourceFileNames()).filter((path) =>
    folders.includes(relative(source, path).split("/")[0]!),
  );
  const functions = [];
  for (const path of files.filter((file) => !file.endsWith(".test.ts"))) {
    const file = (await project.program.getSourceFile(path))!;
    for (const exported of exportedFunctions(file))
      functions.push({ ...exported, path: relative(root, path) });
  }
  // It does find them: those of the folders that are there today.
  expect(functions.length).toBeGreaterThan(300);
  const broken = [];
  for (const { name, path, parameters } of functions) {
    const [last, ...others] = parameters.slice(positionalMax);
    if (others.length > 0 || (last && !(await isObject(last)))) broken.push(`${path}: ${name}`);
  }
  expect(broken).toEqual([]);
}, 60_000);

function exportedFunctions(file: SourceFile): Exported[] {
  return file.statements.flatMap((statement): Exported[] => {
    if (!isFunctionDeclaration(statement) && !isVariableStatement(statement)) return [];
    if (!statement.modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword)) return [];
    if (isFunctionDeclaration(statement))
      return [{ name: statement.name!.text, parameters: statement.parameters }];
    return statement.declarationList.declarations.flatMap(({ name, initializer }) =>
      initializer && isIdentifier(name) && (isArrowFunction(initializer) || isFunctionExpression(initializer))
        ? [{ name: name.text, parameters: initializer.parameters }]
        : [],
    );
  });
}

// `FieldsOf<T>` is a conditional type: which object it is depends on a type parameter.
const named = TypeFlags.Object | TypeFlags.Conditional | TypeFlags.Null | TypeFlags.Undefined;

/** Whether a parameter is an object, a list or a function; it may also be null or left out. */
async function isObject(parameter: ParameterDeclaration): Promise<boolean> {
  const isNamed = async (part: Type): Promise<boolean> => {
    if (!(part.flags & TypeFlags.UnionOrIntersection)) return (part.flags & named) !== 0;
    const parts = await (part as UnionOrIntersectionType).getTypes();
    for (const each of parts) if (!(await isNamed(each))) return false;
    return true;
  };
  return isNamed((await project.checker.getTypeAtLocation(parameter))!);
}
