/** What this server is called, on pages, in mails and in authenticator apps. The owner can change it at any time. */
export type ServerName = { readonly name: string };

export const productName = "novaX";
