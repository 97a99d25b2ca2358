using System.Collections.Immutable;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Composition;

/// <summary>What goes into and out of composed graphs, as it follows from the contracts of the graphs that they are composed of. Roles stay those of the pack.</summary>
internal static class ComposedContracts
{
    /// <summary>Text in, features out.</summary>
    public static GraphContract Text(GraphContract tokenizer, GraphContract encoder)
    {
        TensorContract features = encoder.FindOutput("last_hidden_state")!;
        TensorContract mask = tokenizer.FindOutput("attention_mask")!;
        return encoder with
        {
            Inputs = tokenizer.Inputs,
            Outputs = [features, mask with { Axes = features.Axes[..2] }, Tensor(ComposedTensors.TokenCount, ElementType.Int64, features.Axes[0])],
        };
    }

    /// <summary>One step of a sampler.</summary>
    public static GraphContract Step(GraphContract transformer, TransformerChannels channels)
    {
        TensorContract hidden = transformer.FindInput("hidden_states")!, timestep = transformer.FindInput("timestep")!;
        TensorContract Latents(string name, TensorAxis first, int count) => Tensor(name, hidden.ElementType, [first, TensorAxis.Fixed(count), .. hidden.Axes[2..]]);
        TensorAxis kept = TensorAxis.Free("kept");
        int noisy = channels.Count(ChannelKind.Noisy);
        return transformer with
        {
            Inputs =
            [
                Latents(ComposedTensors.State, kept, noisy),
                Tensor(ComposedTensors.Weights, ElementType.Float32, kept, TensorAxis.Free("columns")),
                Tensor(ComposedTensors.Guidance, ElementType.Float32, TensorAxis.Fixed(1), TensorAxis.Free("guided")),
                Latents(ComposedTensors.Noise, TensorAxis.Fixed(1), noisy),
                timestep with { FileName = timestep.Name, Optional = false },
                .. channels.Groups.Where(group => group.Kind != ChannelKind.Noisy).Select(group => Latents(ComposedTensors.Of(group.Kind), TensorAxis.Free("conditions"), group.Channels)),
                .. transformer.Inputs.Where(input => input != hidden && input != timestep),
            ],
            Outputs = [Latents(ComposedTensors.NextState, kept, noisy)],
        };
    }

    /// <summary>Latents in, frames as bytes out.</summary>
    public static GraphContract Pixels(GraphContract decoder, int channels)
    {
        TensorContract latents = decoder.FindInput("latent_sample")!, sample = decoder.FindOutput("sample")!;
        return decoder with
        {
            Inputs =
            [
                Tensor(ComposedTensors.Latents, ElementType.Float32, [latents.Axes[0], TensorAxis.Fixed(channels), .. latents.Axes[2..]]),
                .. decoder.Inputs.Where(input => input != latents),
            ],
            Outputs =
            [
                Tensor(ComposedTensors.Frames, ElementType.UInt8, [.. sample.Axes[2..], TensorAxis.Fixed(3)]),
                .. decoder.Outputs.Where(output => output != sample),
            ],
        };
    }

    private static TensorContract Tensor(string name, ElementType type, params ImmutableArray<TensorAxis> axes) =>
        new() { Name = name, FileName = name, ElementType = type, Axes = axes };
}
