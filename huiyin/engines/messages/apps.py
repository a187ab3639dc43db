from django.apps import AppConfig


class MessagesConfig(AppConfig):
    name = "huiyin.engines.messages"
    label = "huiyin_messages"
