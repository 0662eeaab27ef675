"""What starts workflows by itself: schedules, webhooks, forms, mails, events of services, ends of other runs."""
