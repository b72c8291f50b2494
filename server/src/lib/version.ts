import project from "../../../package.json";

/** The version of this novaX. */
export const version: string = project.version;
