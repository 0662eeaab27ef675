// Before the first paint: the admin follows the theme that the person chose in the product.
const found = document.cookie.match(/(?:^|; )theme=(light|dark)/);
document.documentElement.dataset.theme = found ? found[1] : "system";
