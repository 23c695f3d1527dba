// Keeps the progress of a run up to date. Without scripts the page shows what it was when it loaded.
"use strict";
const live = document.getElementById("live");
if (live && live.dataset.source) {
  const source = new EventSource(live.dataset.source);
  // The server sends a table that it has escaped.
  source.onmessage = (event) => {
    live.innerHTML = event.data;
  };
}
