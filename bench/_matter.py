"""What the clients of a measurement register."""

from __future__ import annotations

from typing import Any

TITLES = (
    "厨房水管漏水,请派人来看",
    "楼道灯不亮三天了",
    "电梯运行有异响",
    "车位被占,联系不上车主",
    "咨询装修备案需要什么资料",
)


def matter(client: int, turn: int) -> dict[str, Any]:
    """One registration as a phone desk or an integration would send it."""
    return {
        "title": TITLES[turn % len(TITLES)],
        "description": f"住户来电:昨晚开始出现,已自行关闭阀门,希望今天上午处理。第{client}-{turn}次登记",
        "contact_name": "张三丰",
        "contact_phone": f"137{client:02d}{turn % 1_000_000:06d}",
    }
