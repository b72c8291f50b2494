// What this device keeps of the chat, in one file that is loaded beside the first view. Import it only with `import()`.

export { readKeptChat } from "./kept-chat.ts";
export { openSealedStore } from "./sealed-store.ts";
