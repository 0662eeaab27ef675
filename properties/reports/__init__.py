"""Reports for owners, buyers and the market: one document, shown as a page, a PDF and a workbook."""
