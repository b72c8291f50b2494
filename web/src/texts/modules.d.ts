// Made by the build from the names that Unicode gives to emoji: one line each.
declare module "novax:emoji-en" {
  export const lines: string;
}
declare module "novax:emoji-de" {
  export const lines: string;
}
