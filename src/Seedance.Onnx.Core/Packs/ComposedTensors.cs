namespace Seedance.Onnx.Packs;

/// <summary>The names of tensors that a graph has once the pack's own is composed into it, and that no graph of a pack has.</summary>
public static class ComposedTensors
{
    /// <summary>What a sampler keeps, before a step: [K, C, f, h, w] float32.</summary>
    public const string State = "state";

    /// <summary>What a sampler keeps, after a step: [K, C, f, h, w] float32.</summary>
    public const string NextState = "next_state";

    /// <summary>The matrix of a step: [K, K + G + 1] float32.</summary>
    public const string Weights = "weights";

    /// <summary>How much each branch counts in a step, and φ, by which their sum is rescaled: [1, G + 1] float32.</summary>
    public const string Guidance = "guidance";

    /// <summary>Fresh noise for a step: [1, C, f, h, w] float32.</summary>
    public const string Noise = "noise";

    /// <summary>Normalised latents to decode: [1, C, f, h, w] float32.</summary>
    public const string Latents = "latents";

    /// <summary>Decoded frames, red, green, blue: [F, H, W, 3] uint8.</summary>
    public const string Frames = "frames";

    /// <summary>How many tokens each text has: [B] int64.</summary>
    public const string TokenCount = "token_count";

    /// <summary>The input for the channels of a kind: [1 or G, channels, f, h, w] float32.</summary>
    /// <param name="kind">The kind; the noisy channels are the state.</param>
    /// <returns>The kind's name as contracts write it: "mask", "condition".</returns>
    public static string Of(ChannelKind kind) => kind == ChannelKind.Noisy ? State : kind.ToString().ToLowerInvariant();
}
