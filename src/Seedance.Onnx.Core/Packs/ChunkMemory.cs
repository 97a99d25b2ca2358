using System.Collections.Immutable;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Packs;

/// <summary>
/// The names of what a graph remembers from one chunk of a clip to the next: inputs past_0, past_1, … come from the outputs present_0, present_1, … of the
/// chunk before, and are zeros at the start of a clip.
/// </summary>
public static class ChunkMemory
{
    /// <summary>Before the number of an input.</summary>
    public const string PastPrefix = "past_";

    /// <summary>Before the number of an output.</summary>
    public const string PresentPrefix = "present_";

    /// <summary>The inputs of a graph that hold what it remembers; none for a graph that takes a clip whole.</summary>
    /// <param name="graph">The graph.</param>
    /// <returns>The inputs in the contract's order.</returns>
    public static IEnumerable<TensorContract> PastOf(GraphContract graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Inputs.Where(tensor => tensor.Name.StartsWith(PastPrefix, StringComparison.Ordinal));
    }

    /// <summary>The output that becomes an input of the next chunk.</summary>
    /// <param name="past">Name of the input, with <see cref="PastPrefix"/>.</param>
    /// <returns>Name of the output.</returns>
    public static string PresentOf(string past)
    {
        ArgumentNullException.ThrowIfNull(past);
        return PresentPrefix + past[PastPrefix.Length..];
    }

    /// <summary>The shape of what a decoder remembers, for one clip.</summary>
    /// <param name="decoder">The decoder, or what it is composed into.</param>
    /// <param name="past">One of its inputs, by <see cref="PastOf"/>; its free axes are among those of the latents, as every opened pack's are.</param>
    /// <param name="latents">The shape of the latents that it gets.</param>
    /// <returns>The length of each axis, outermost first.</returns>
    public static ImmutableArray<long> ShapeOf(GraphContract decoder, TensorContract past, LatentShape latents)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(past);
        long[] lengths = [1, latents.Channels, latents.Frames, latents.Height, latents.Width];
        ImmutableArray<TensorAxis> sample = (decoder.FindInput("latent_sample") ?? decoder.FindInput(ComposedTensors.Latents)!).Axes;
        return [.. past.Axes.Select(axis => axis.Length ?? lengths[sample.IndexOf(axis)])];
    }
}
