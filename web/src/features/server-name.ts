/** What the server is called: the title that the page comes with, before the open room is named in it. */
export const serverName = document.title;
