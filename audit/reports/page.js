"use strict";
for (const group of document.querySelectorAll(".chosen")) {
  const box = group.querySelector("input[type=search]");
  box.hidden = false;
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    for (const row of group.querySelectorAll("tbody tr")) {
      row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
    }
  });
}
