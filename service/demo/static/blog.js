// Asks twice a second what has changed, and changes only that.
"use strict";

const list = document.querySelector("[data-live]");

async function look() {
  const address = new URL(list.dataset.live, location);
  address.searchParams.set("since", list.dataset.version);
  const answer = await fetch(address);
  const news = await answer.json();
  if (!news.html) return;
  list.dataset.version = news.version;
  for (const [name, count] of Object.entries(news.counts)) {
    for (const place of document.querySelectorAll(`[data-count="${name}"]`)) place.textContent = count;
  }
  show(new DOMParser().parseFromString(`<ol>${news.html}</ol>`, "text/html").querySelectorAll("li.comment"));
}

function show(items) {
  const wanted = Array.from(items, (item) => {
    const old = document.getElementById(item.id);
    if (old?.dataset.changed === item.dataset.changed) return old;
    item.classList.add("changed");
    old?.replaceWith(item);
    return item;
  });
  let place = list.firstElementChild;
  for (const item of wanted) {
    if (item === place) place = place.nextElementSibling;
    else list.insertBefore(item, place);
  }
  while (list.children.length > wanted.length) list.lastElementChild.remove();
}

async function watch() {
  // The demo may have ended: the page stays as it is, and asks again.
  if (!document.hidden) await look().catch(() => {});
  setTimeout(watch, 500);
}

if (list) watch();
