// Before the first paint: the admin follows the theme that the person chose in the product.
const found = document.cookie.match(/(?:^|; )theme=(light|dark)/);
// Light is what the tokens say by themselves; Django's own colours answer to `data-theme="light"`, and louder.
if (found?.[1] !== "light") document.documentElement.dataset.theme = found ? "dark" : "system";
