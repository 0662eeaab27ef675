"""The database itself refuses to change or remove audit entries."""

from typing import ClassVar

from django.db import migrations

# Erasing a deleted person's name is the one change that is let through, and only to the columns that name people.
# Throw-away databases (tests) may empty the whole table.
GUARD = """
CREATE FUNCTION workspaces_guard_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_setting('portal.throw_away', true) = 'on' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('portal.erasing_person', true) = OLD.actor_id::text
       AND (to_jsonb(NEW) - '{actor_label,address}'::text[]) = (to_jsonb(OLD) - '{actor_label,address}'::text[]) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('portal.erasing_person', true) = OLD.target_id AND OLD.target_type = 'user'
       AND (to_jsonb(NEW) - 'target_label') = (to_jsonb(OLD) - 'target_label') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit entries are append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON workspaces_auditentry
    FOR EACH ROW EXECUTE FUNCTION workspaces_guard_audit();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON workspaces_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION workspaces_guard_audit();
"""
UNGUARD = """
DROP TRIGGER audit_is_append_only ON workspaces_auditentry;
DROP TRIGGER audit_is_not_emptied ON workspaces_auditentry;
DROP FUNCTION workspaces_guard_audit();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("workspaces", "0003_plans_and_usage")]
    operations: ClassVar = [migrations.RunSQL(GUARD, UNGUARD)]
