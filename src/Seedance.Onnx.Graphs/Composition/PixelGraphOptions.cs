using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Composition;

/// <summary>What the pixel graph is composed for.</summary>
public sealed record PixelGraphOptions
{
    /// <summary>[C]: the mean of each channel of the decoder's latents.</summary>
    public required ImmutableArray<float> Mean { get; init; }

    /// <summary>[C]: the standard deviation of each channel of the decoder's latents.</summary>
    public required ImmutableArray<float> StandardDeviation { get; init; }

    /// <summary>The name of the decoder's input. If not specified, optimum's: "latent_sample".</summary>
    public string LatentSample { get; init; } = "latent_sample";

    /// <summary>The name of the decoder's output. If not specified, optimum's: "sample".</summary>
    public string Sample { get; init; } = "sample";
}
