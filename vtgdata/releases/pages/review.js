const REVIEW_KEYS = [];
function reviewPage() { return el('div', {}); }
