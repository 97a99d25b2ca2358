"""The wordings of every slot in both languages: the first entries are the vocabulary's own words, the rest are synonyms."""

from __future__ import annotations

from typing import Final

Wordings = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]

COLOURS: Final[dict[str, Wordings]] = {
    "en": {
        "red": (("red",), ("bright red",)),
        "orange": (("orange",), ("bright orange",)),
        "yellow": (("yellow",), ("bright yellow",)),
        "green": (("green",), ("bright green",)),
        "cyan": (("cyan",), ("aqua",)),
        "blue": (("blue",), ("bright blue",)),
        "purple": (("purple",), ("violet",)),
        "pink": (("pink",), ("hot pink",)),
    },
    "zh": {
        "red": (("红色",), ("红", "大红色")),
        "orange": (("橙色",), ("橙", "橘色")),
        "yellow": (("黄色",), ("黄",)),
        "green": (("绿色",), ("绿",)),
        "cyan": (("青色",), ("青",)),
        "blue": (("蓝色",), ("蓝",)),
        "purple": (("紫色",), ("紫",)),
        "pink": (("粉色",), ("粉", "粉红色")),
    },
}

KINDS: Final[dict[str, Wordings]] = {
    "en": {
        "ball": (("ball",), ("round ball",)),
        "square": (("square",), ("block",)),
        "triangle": (("triangle",), ()),
        "star": (("star",), ("five-pointed star",)),
        "heart": (("heart",), ("love heart",)),
        "ring": (("ring",), ("hoop",)),
        "car": (("car",), ("automobile",)),
        "fish": (("fish",), ("little fish",)),
        "bird": (("bird",), ("little bird",)),
        "cat": (("cat",), ("kitten",)),
    },
    "zh": {
        "ball": (("球",), ("圆球",)),
        "square": (("方块",), ("正方形",)),
        "triangle": (("三角形",), ("三角",)),
        "star": (("星星",), ("五角星",)),
        "heart": (("爱心",), ("心形",)),
        "ring": (("圆环",), ("环",)),
        "car": (("汽车",), ("小汽车", "车")),
        "fish": (("鱼",), ("小鱼",)),
        "bird": (("鸟",), ("小鸟",)),
        "cat": (("猫",), ("小猫",)),
    },
}

MEASURES: Final = {"car": "辆", "fish": "条", "bird": "只", "cat": "只", "star": "颗", "heart": "颗"}
"""Measure words; everything else takes 个."""

PLACES: Final[dict[str, Wordings]] = {
    "en": {
        "on the left": (("on the left",), ("on the left side", "at the left")),
        "on the right": (("on the right",), ("on the right side", "at the right")),
        "at the top": (("at the top",), ("in the upper part",)),
        "at the bottom": (("at the bottom",), ("in the lower part",)),
        "in the centre": (("in the centre",), ("in the middle", "in the center")),
    },
    "zh": {
        "on the left": (("左边",), ("左侧", "画面左边")),
        "on the right": (("右边",), ("右侧", "画面右边")),
        "at the top": (("上方",), ("上面", "画面上方")),
        "at the bottom": (("下方",), ("下面", "画面下方")),
        "in the centre": (("中间",), ("中央", "画面中间")),
    },
}

MOTIONS: Final[dict[str, Wordings]] = {
    "en": {
        "stays still": (("stays still",), ("does not move", "stands still")),
        "moves left": (("moves left", "moves to the left"), ("drifts to the left", "goes left")),
        "moves right": (("moves right", "moves to the right"), ("drifts to the right", "goes right")),
        "moves up": (("moves up",), ("rises", "goes up")),
        "moves down": (("moves down",), ("sinks", "goes down")),
        "bounces": (("bounces",), ("bounces up and down", "jumps up and down", "hops")),
        "spins": (("spins",), ("rotates", "spins around", "turns round and round")),
        "grows": (("grows",), ("grows bigger", "gets bigger")),
        "shrinks": (("shrinks",), ("gets smaller", "becomes smaller")),
    },
    "zh": {
        "stays still": (("静止不动",), ("不动", "一动不动")),
        "moves left": (("向左移动",), ("往左移动", "向左走")),
        "moves right": (("向右移动",), ("往右移动", "向右走")),
        "moves up": (("向上移动",), ("往上移动", "上升")),
        "moves down": (("向下移动",), ("往下移动", "下降")),
        "bounces": (("弹跳",), ("上下弹跳", "跳", "跳来跳去")),
        "spins": (("旋转",), ("转动", "转圈")),
        "grows": (("变大",), ("逐渐变大", "越来越大")),
        "shrinks": (("变小",), ("逐渐变小", "越来越小")),
    },
}

MOTIONS_ING: Final = {
    "stays still": "staying still",
    "moves left": "moving to the left",
    "moves right": "moving to the right",
    "moves up": "moving up",
    "moves down": "moving down",
    "bounces": "bouncing",
    "spins": "spinning",
    "grows": "growing",
    "shrinks": "shrinking",
}

BACKGROUNDS: Final[dict[str, Wordings]] = {
    "en": {
        "grey": (("on a grey background", "against a grey background"), ("on a gray background",)),
        "white": (("on a white background", "against a white background"), ("on white",)),
        "black": (("on a black background", "against a black background"), ("on black",)),
        "meadow": (("over a meadow", "in a meadow"), ("on a green meadow",)),
        "night sky": (("in the night sky", "on a night sky", "against a night sky"), ("under a starry night sky",)),
        "beach": (("on a beach", "at the beach"), ("on a sandy beach",)),
        "room": (("in a room",), ("inside a room",)),
    },
    "zh": {
        "grey": (("灰色背景", "在灰色背景上"), ("灰色的背景",)),
        "white": (("白色背景", "在白色背景上"), ("白色的背景",)),
        "black": (("黑色背景", "在黑色背景上"), ("黑色的背景",)),
        "meadow": (("在草地上",), ("草地背景",)),
        "night sky": (("在夜空中", "夜空背景"), ("在夜空下",)),
        "beach": (("在沙滩上",), ("沙滩背景",)),
        "room": (("在房间里",), ("房间背景",)),
    },
}

CAMERAS: Final[dict[str, Wordings]] = {
    "en": {
        "fixed": (("fixed camera", "the camera is fixed"), ("static camera",)),
        "pans left": (("the camera pans left", "camera pans left"), ("pan left",)),
        "pans right": (("the camera pans right", "camera pans right"), ("pan right",)),
        "zooms in": (("the camera zooms in", "camera zooms in"), ("zoom in",)),
        "zooms out": (("the camera zooms out", "camera zooms out"), ("zoom out",)),
    },
    "zh": {
        "fixed": (("固定镜头",), ("镜头固定", "镜头不动")),
        "pans left": (("镜头左移",), ("镜头向左移",)),
        "pans right": (("镜头右移",), ("镜头向右移",)),
        "zooms in": (("镜头推近",), ("推近镜头",)),
        "zooms out": (("镜头拉远",), ("拉远镜头",)),
    },
}

STYLES: Final[dict[str, Wordings]] = {
    "en": {
        "flat": (("flat style", "in flat style"), ("flat",)),
        "outline": (("outline style", "in outline style"), ("drawn in outline",)),
    },
    "zh": {
        "flat": (("扁平风格",), ("扁平画风",)),
        "outline": (("线条风格",), ("线条画风",)),
    },
}

CLOSE: Final = {"en": ("close", "close-up"), "zh": ("特写", "近景")}
