using System.Collections.Immutable;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Graphs.Composition;

/// <summary>Composes everything behind the last step: un-normalise, decode, upscale, and round to bytes as a video encoder takes them.</summary>
/// <remarks>
/// Input: "latents" [1, C, f, h, w] float32, normalised. Output: "frames" [F, H, W, 3] uint8, red, green, blue: round((x + 1) · 127.5) of the decoder's x in [−1, 1], cut to 0 … 255.
/// What else the decoder takes and gives (its memory of the chunk before) stays an input and an output under its own name.
/// </remarks>
public static class PixelGraph
{
    /// <summary>Composes the graph.</summary>
    /// <param name="decoder">Latents in, [1, 3, F, H, W] in [−1, 1] out.</param>
    /// <param name="options">Statistics and names.</param>
    /// <param name="upscaler">
    /// One input and one output, both [1, 3, F, H, W] or both [F, 3, H, W], in [−1, 1]; null for none. Of several inputs the first is the frames.
    /// </param>
    /// <returns>The composed model.</returns>
    /// <exception cref="ArgumentException">The statistics do not fit each other.</exception>
    /// <exception cref="ModelFileException">The parts do not fit; both sides are named.</exception>
    public static OnnxModel Compose(OnnxModel decoder, PixelGraphOptions options, OnnxModel? upscaler = null)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Mean.Length != options.StandardDeviation.Length || options.Mean.Length == 0)
        {
            throw new ArgumentException($"Mean and standard deviation must have a value a channel each, but have {options.Mean.Length} and {options.StandardDeviation.Length}.", nameof(options));
        }

        ModelComposer composer = new("pixels", Math.Max(upscaler is null ? ModelComposer.OpsetFor(decoder) : ModelComposer.OpsetFor(decoder, upscaler), OpsetRaise.Oldest));
        long channels = options.Mean.Length;
        string latents = composer.Input(ComposedTensors.Latents, OnnxElementType.Float32, 1, channels, "f", "h", "w");
        GraphBuilder before = composer.Build("/denormalise");
        string scaled = before.Add("Add", [
            before.Add("Mul", [latents, before.Constant<float>("std", options.StandardDeviation.AsSpan(), 1, channels, 1, 1, 1)]),
            before.Constant<float>("mean", options.Mean.AsSpan(), 1, channels, 1, 1, 1)]);
        composer.Describe(scaled, OnnxElementType.Float32, 1, channels, "f", "h", "w");

        ImmutableDictionary<string, string> decoded = composer.Add(decoder, "vae_decoder", new Dictionary<string, string>(StringComparer.Ordinal) { [options.LatentSample] = scaled });
        if (!decoded.TryGetValue(options.Sample, out string? sample))
        {
            throw new ModelFileException(decoder.Source, $"the frames must be an output '{options.Sample}', but the outputs are {string.Join(", ", decoded.Keys)}. Map the name.");
        }

        (string frames, bool framesFirst) = upscaler is null ? (sample, false) : Upscale(composer, upscaler, sample);
        composer.Output(ToBytes(composer.Build("/pixels"), frames, framesFirst), ComposedTensors.Frames, new OnnxValue(ComposedTensors.Frames, OnnxElementType.UInt8, "F", "H", "W", 3));
        foreach (OnnxValue memory in decoder.Graph.Outputs.Where(output => output.Name != options.Sample))
        {
            composer.Output(decoded[memory.Name], memory.Name, memory);
        }

        return composer.Finish();
    }

    private static (string Frames, bool FramesFirst) Upscale(ModelComposer composer, OnnxModel upscaler, string sample)
    {
        OnnxValue input = upscaler.Graph.RequiredInputs.FirstOrDefault()
            ?? throw new ModelFileException(upscaler.Source, "an upscaler must have an input for frames, but has none. Export it with one.");
        bool framesFirst = input.Shape is { Length: 4 };
        string frames = sample;
        if (framesFirst)
        {
            GraphBuilder builder = composer.Build("/frames");
            frames = builder.Add("Squeeze", [builder.Add("Transpose", [sample], OnnxAttribute.Create("perm", [0, 2, 1, 3, 4])), builder.Integers(0)]);
            composer.Describe(frames, OnnxElementType.Float32, "F", 3, "H", "W");
        }

        ImmutableDictionary<string, string> upscaled = composer.Add(upscaler, "upscaler", new Dictionary<string, string>(StringComparer.Ordinal) { [input.Name] = frames });
        return (upscaled[upscaler.Graph.Outputs[0].Name], framesFirst);
    }

    private static string ToBytes(GraphBuilder builder, string frames, bool framesFirst)
    {
        string bytes = builder.Add("Mul", [builder.Add("Add", [frames, builder.Number(1)]), builder.Number(127.5f)]);
        string cut = builder.Add("Clip", [builder.Add("Round", [bytes]), builder.Number(0), builder.Number(255)]);
        string whole = builder.Add("Cast", [cut], OnnxAttribute.Create("to", (long)OnnxElementType.UInt8));
        return framesFirst
            ? builder.Add("Transpose", [whole], OnnxAttribute.Create("perm", [0, 2, 3, 1]))
            : builder.Add("Squeeze", [builder.Add("Transpose", [whole], OnnxAttribute.Create("perm", [0, 2, 3, 4, 1])), builder.Integers(0)]);
    }
}
