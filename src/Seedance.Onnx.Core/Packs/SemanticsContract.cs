using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Packs;

/// <summary>What a pack states of its semantic tokens, which the graph <see cref="GraphRoles.SemanticTransformer"/> makes of a whole video before the transformer makes its latents after them (SemanticGen, arXiv 2512.20619).</summary>
public sealed record SemanticsContract
{
    /// <summary>The transformer's input for them.</summary>
    public const string Input = "semantic_states";

    /// <summary>How tokens relate to frames and pixels, as latents do: channels are the width of a token, and there is a token frame for each latent frame.</summary>
    public required LatentGeometry Tokens { get; init; }

    /// <summary>What the semantic transformer takes on its channel axis.</summary>
    public required TransformerChannels TransformerChannels { get; init; }

    /// <summary>How tokens are sampled; whatever a request says of the latents does not change it.</summary>
    public required SamplingSettings Sampling { get; init; }

    /// <summary>How the noise levels of that are spaced; null, as the pack's scheduler has them, if the pack does not say.</summary>
    public ScheduleSpacing? Spacing { get; init; }

    /// <summary>The share of noise that made tokens get before they are followed, 0 to 1: what they say in detail is not to be trusted. 0, none, if the pack does not say.</summary>
    public double Noise { get; init; }

    /// <summary>Channels of the transformer's input: a token, and before it 1 where there is one.</summary>
    public int InputChannels => 1 + Tokens.Channels;
}
