/** Plays videos inside the list, one at a time. */

import htmx from "htmx.org";

/** @param {Element} player the place of a player in its item */
function linkOf(player) {
  return player.closest("[data-video-id]").querySelector(".video-link");
}

/**
 * Ends the loading, too, which taking it out of the page does not.
 *
 * @param {HTMLMediaElement|null} media
 */
function stop(media) {
  media?.removeAttribute("src");
  media?.load();
}

/** @param {Element} player */
function close(player) {
  const hadFocus = player.contains(document.activeElement);
  stop(player.querySelector("video, audio"));
  player.replaceChildren();
  linkOf(player).ariaExpanded = "false";
  if (hadFocus) {
    linkOf(player).focus();
  }
}

/** @param {ParentNode} root */
function openPlayers(root) {
  return root.querySelectorAll("#videos [data-player]:not(:empty)");
}

// The link that opened a player closes it.
document.addEventListener("htmx:confirm", (event) => {
  const { elt, target } = event.detail;
  if (elt.matches(".video-link") && target.hasChildNodes()) {
    event.preventDefault();
    close(target);
  }
});

htmx.onLoad((root) => {
  const player = root.closest("#videos [data-player]");
  if (!player) {
    return;
  }
  for (const other of openPlayers(document)) {
    if (other !== player) {
      close(other);
    }
  }
  linkOf(player).ariaExpanded = "true";
  const shown = player.querySelector("video, audio, [data-unplayable]:not([hidden]) a");
  shown.focus();
  player.scrollIntoView({ block: "nearest", behavior: "smooth" });
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-close-player]")) {
    close(target.closest("[data-player]"));
  }
});

document.addEventListener("keydown", ({ key, target }) => {
  const item = target.closest("#videos [data-video-id]");
  if (key === "Escape" && item && !document.fullscreenElement) {
    openPlayers(item).forEach(close);
  }
});

// What a browser plays it knows best itself. A line that breaks is no sign of it.
document.addEventListener(
  "error",
  ({ target }) => {
    const player = target.closest?.("[data-player]");
    if (player && target.error && target.error.code !== MediaError.MEDIA_ERR_NETWORK) {
      player.querySelector("[data-unplayable]").hidden = false;
      target.remove();
    }
  },
  true,
);
