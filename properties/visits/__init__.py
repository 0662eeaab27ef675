"""The visit calendar: appointments of customers with homes, without overlaps, with reminders and a feed."""
