// What GraphiQL remembers between visits: in a room of its own per graph, since every program that ever ran on this port
// shares one localStorage.
import { createLocalStorage } from "@graphiql/toolkit";

export function openStorage(title, tabs) {
  try {
    const storage = createLocalStorage({ namespace: `graphfold:${title}` });
    if (!storage.getItem("graphiql:tabState")) showFirst(storage, tabs[0]);
    return storage;
  } catch {
    return null; // the browser refuses to store: a session without memory is better than no page
  }
}

// GraphiQL fills the editors from what is stored; without this the first tab opens without its variables.
function showFirst(storage, tab) {
  if (!tab) return;
  storage.setItem("graphiql:query", tab.query);
  if (tab.variables) storage.setItem("graphiql:variables", tab.variables);
}
