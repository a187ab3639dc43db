"""Forms in the look of the shell."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Renders fields and errors with the kit's own templates."""

    form_template_name = "kit/form/form.html"
    field_template_name = "kit/form/field.html"
