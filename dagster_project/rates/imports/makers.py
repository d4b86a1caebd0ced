"""Who made a model, told by its id by anchored rules; unknown makers keep the vendor prefix."""

from __future__ import annotations

import re

_SAME_MAKER = {
    "anthropic": "anthropic",
    "deepseek-ai": "deepseek",
    "google": "google",
    "meta-llama": "meta",
    "minimaxai": "minimax",
    "mistralai": "mistral",
    "moonshot": "moonshotai",
    "x-ai": "xai",
    "z-ai": "zai",
    "zai-org": "zai",
}

_BY_NAME = (
    (
        r"^(gpt|o1|o3|o4|chatgpt|codex|text-embedding|text-davinci|davinci|babbage|curie|ada)\b",
        "openai",
    ),
    (r"^(tts-1|whisper|dall-e|sora|computer-use|model-router|omni-moderation|ft:)", "openai"),
    (r"^(hd|standard|high|medium|low)/.*/(dall-e|gpt-image)", "openai"),
    (r"^chat-latest$", "openai"),
    (r"^claude", "anthropic"),
    (r"^(gemini|gemma|learnlm|imagen|veo|lyria|medlm)", "google"),
    (r"^grok", "xai"),
    (r"^(meta-)?llama", "meta"),
    (
        r"^(mistral|mixtral|codestral|ministral|magistral|devstral|pixtral|voxtral|open-mi)",
        "mistral",
    ),
    (r"^deepseek", "deepseek"),
    (r"^(command|embed-|rerank|cohere|c4ai)", "cohere"),
    (r"^(phi|mai-|microsoft|wizardlm|doc-intelligence|speech/)", "microsoft"),
    (r"^(kimi|moonshot)", "moonshotai"),
    (r"^(glm|zai-)", "zai"),
    (r"^qwen", "qwen"),
    (r"^(jamba|ai21)", "ai21"),
    (r"^flux", "black-forest-labs"),
    (r"^jais", "core42"),
    (r"^nova|^titan", "amazon"),
    (r"^minimax", "minimax"),
)

# On these channels a name that no rule knows is the biller's own model.
_OWN = {
    "anthropic": "anthropic",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "google": "google",
    "mistral": "mistral",
    "openai": "openai",
    "xai": "xai",
}


def maker(channel: str, model_key: str) -> str:
    """Return the provider of a model; the channel's own name where nothing else is known."""
    name = model_key.lower()
    if channel == "aws":
        # Bedrock ids open with the vendor; sizes of image models stand before it.
        vendor = re.match(r"^(?:.*/)?([a-z0-9-]+)\.", name)
        if vendor and vendor[1] not in {"gpt-5", "gpt-6"}:
            return _SAME_MAKER.get(vendor[1], vendor[1])
    if "/" in name and channel in {"openrouter", "groq", "google"}:
        vendor_prefix = name.split("/", 1)[0].lstrip("~")
        return _SAME_MAKER.get(vendor_prefix, vendor_prefix)
    name = re.sub(r"^fw-", "", name)
    for pattern, provider in _BY_NAME:
        if re.match(pattern, name) and not (channel == "openai" and provider == "microsoft"):
            return provider
    return _OWN.get(channel, channel)
