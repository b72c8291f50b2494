// The build makes this from the Unicode names of emoji, with one emoji on each line.
declare module "novax:emoji-en" {
  export const lines: string;
}
declare module "novax:emoji-de" {
  export const lines: string;
}
// And this from the shortcodes of GitHub.
declare module "novax:emoji-shortcodes" {
  export const lines: string;
}
