using System.Collections.Immutable;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Graphs.Composition;

/// <summary>
/// Composes one step of a sampler: the transformer on every guided branch, and the solver's update as one matrix product,
/// state' = W · [state ; v_1 … v_G ; noise], so that latents never leave the device between steps.
/// </summary>
/// <remarks>
/// <para>Free axes have the names that the transformer's file gives them. Inputs: "state" [K, C, f, h, w] float32; "weights" [K, K + G + 1] float32, as a solver's step writes them; "timestep" [1], or [G] where the branches
/// are free, of the transformer's type; "noise"
/// [1, C, f, h, w] float32 if the plan uses any; "guidance" [1, G + 1] float32 where guidance may be rescaled: the branches' weights and φ, 0 for none; for each other group of channels one input, "mask" or "condition", [1 or G, channels, f, h, w] float32; and the
/// transformer's other inputs under their own names, whose batch axis is the branches ([G, S, D] for encoder_hidden_states).</para>
/// <para>Outputs: "next_state" [K, C, f, h, w] float32, and "velocity" [G, C, f, h, w] where asked for.</para>
/// <para>A rescaled velocity is v' = v · (φ · std(v_G) / std(Σ w_g v_g) + 1 − φ) for every branch (Lin et al., "Common diffusion noise schedules and sample steps are flawed", 2024); "velocity" is the
/// one before.</para>
/// <para>With free K and G one graph serves every plan; one that adds no noise then feeds zeros and weights of 0.</para>
/// <para>A weight of 0 still reads its input: state and noise must be finite.</para>
/// </remarks>
public static class StepGraph
{
    private const float LeastVariance = 1e-30f;

    /// <summary>Composes the graph.</summary>
    /// <param name="transformer">Latents, timestep and conditions in, velocity out.</param>
    /// <param name="options">What it is composed for.</param>
    /// <returns>The composed model.</returns>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    /// <exception cref="ModelFileException">The transformer does not fit; both sides are named.</exception>
    public static OnnxModel Compose(OnnxModel transformer, StepGraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(transformer);
        ArgumentNullException.ThrowIfNull(options);
        if (options.FindProblems() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(' ', problems), nameof(options));
        }

        long channels = options.Channels.Count(ChannelKind.Noisy);
        ModelComposer composer = new("step", Math.Max(ModelComposer.OpsetFor(transformer), OpsetRaise.Oldest));
        // The transformer's own names, so that passes know which of its inputs are as long as the latents.
        OnnxDimension[] hidden = AxesOf(transformer.Graph.RequiredInputs.FirstOrDefault(input => input.Name == options.HiddenStates));
        OnnxDimension keep = Axis(options.Keep, "K"), columns = Axis(options.Keep + options.Branches + 1, "columns"), branches = options.Branches is { } guided ? guided : hidden[0];
        OnnxDimension[] places = hidden[2..];
        string state = composer.Input(ComposedTensors.State, OnnxElementType.Float32, [keep, channels, .. places]);
        string weights = composer.Input(ComposedTensors.Weights, OnnxElementType.Float32, keep, columns);
        string? noise = options.UsesNoise ? composer.Input(ComposedTensors.Noise, OnnxElementType.Float32, [1, channels, .. places]) : null;
        string? guidance = options.RescalesGuidance ? composer.Input(ComposedTensors.Guidance, OnnxElementType.Float32, 1, Axis(options.Branches + 1, "guided")) : null;
        OnnxValue? time = transformer.Graph.RequiredInputs.FirstOrDefault(input => input.Name == options.Timestep);
        string timestep = composer.Input("timestep", time?.ElementType ?? OnnxElementType.Float32, options.Branches is null ? branches : 1);
        Dictionary<string, string> connections = new(StringComparer.Ordinal)
        {
            [options.HiddenStates] = HiddenStates(composer, options, state, timestep, branches, places),
            [options.Timestep] = Timestep(composer, options, time, timestep, branches),
        };

        ImmutableDictionary<string, string> outputs = composer.Add(transformer, "transformer", connections);
        if (!outputs.TryGetValue(options.Velocity, out string? velocity))
        {
            throw new ModelFileException(transformer.Source, $"the velocity must be an output '{options.Velocity}', but the outputs are {string.Join(", ", outputs.Keys)}. Map the name.");
        }

        OnnxDimension[] shape = [keep, channels, .. places];
        composer.Output(Update(composer, state, velocity, noise, weights, guidance), ComposedTensors.NextState, new OnnxValue(ComposedTensors.NextState, OnnxElementType.Float32, shape));
        if (options.EmitsVelocity)
        {
            composer.Output(velocity, "velocity", new OnnxValue("velocity", OnnxElementType.Float32, [branches, .. shape[1..]]));
        }

        return composer.Finish();
    }

    /// <summary>The first kept tensor and the conditions on the channel axis, repeated over the branches.</summary>
    private static string HiddenStates(ModelComposer composer, StepGraphOptions options, string state, string timestep, OnnxDimension branches, OnnxDimension[] places)
    {
        List<string> groups = [];
        foreach (ChannelGroup group in options.Channels.Groups.Where(group => group.Kind != ChannelKind.Noisy))
        {
            composer.Input(ComposedTensors.Of(group.Kind), OnnxElementType.Float32, ["conditions", group.Channels, .. places]);
        }

        GraphBuilder builder = composer.Build("/branches");
        string rows = options.Branches is { } count
            ? builder.Integers(count, 1, 1, 1, 1)
            : builder.Add("Concat", [builder.Add("Shape", [timestep]), builder.Integers(1, 1, 1, 1)], OnnxAttribute.Create("axis", 0));
        foreach (ChannelGroup group in options.Channels.Groups)
        {
            string part = group.Kind != ChannelKind.Noisy ? ComposedTensors.Of(group.Kind)
                : options.Keep == 1 ? state
                : builder.Add("Gather", [state, builder.Integers(0)]); // one for certain, where a Slice of a free axis could be none
            groups.Add(options.Branches == 1 ? part : builder.Add("Expand", [part, rows]));
        }

        string all = groups.Count == 1 ? groups[0] : builder.Add("Concat", groups, OnnxAttribute.Create("axis", 1));
        composer.Describe(all, OnnxElementType.Float32, [branches, options.Channels.Total, .. places]);
        return all;
    }

    private static string Timestep(ModelComposer composer, StepGraphOptions options, OnnxValue? declared, string timestep, OnnxDimension branches)
    {
        GraphBuilder builder = composer.Build("/branches");
        bool scalar = declared?.Shape is { Length: 0 };
        string first = scalar && options.Branches is null ? builder.Add("Slice", [timestep, builder.Integers(0), builder.Integers(1)]) : timestep;
        string all = scalar ? builder.Add("Squeeze", [first, builder.Integers(0)])
            : options.Branches is null or 1 ? timestep
            : builder.Add("Expand", [timestep, builder.Integers(options.Branches.Value)]);
        composer.Describe(all, declared?.ElementType ?? OnnxElementType.Float32, scalar ? [] : [branches]);
        return all;
    }

    /// <summary>The axes of hidden_states as the transformer's file has them, under our names where it has none.</summary>
    private static OnnxDimension[] AxesOf(OnnxValue? hidden)
    {
        OnnxDimension[] ours = ["G", "C", "f", "h", "w"];
        return hidden?.Shape is { } shape && shape.Length == ours.Length ? [.. shape.Zip(ours, (axis, own) => axis.Length is null && string.IsNullOrEmpty(axis.Name) ? own : axis)] : ours;
    }

    private static OnnxDimension Axis(int? length, string name) => length is { } known ? known : name;

    /// <summary>W · [state ; velocities ; noise] over the flattened latents.</summary>
    private static string Update(ModelComposer composer, string state, string velocity, string? noise, string weights, string? guidance)
    {
        GraphBuilder builder = composer.Build("/solver");
        string Rows(string value) => builder.Add("Flatten", [value], OnnxAttribute.Create("axis", 1));
        string velocities = guidance is null ? Rows(velocity) : Rescale(composer, Rows(velocity), guidance);
        string[] rows = noise is null ? [Rows(state), velocities] : [Rows(state), velocities, Rows(noise)];
        string stacked = builder.Add("Concat", rows, OnnxAttribute.Create("axis", 0));
        string used = noise is null ? builder.Add("Slice", [weights, builder.Integers(0), builder.Integers(-1), builder.Integers(1)]) : weights;
        return builder.Add("Reshape", [builder.Add("MatMul", [used, stacked]), builder.Add("Shape", [state])]);
    }

    /// <summary>The velocities [G, n] so that guidance does not make the deviation of what it leads to larger; as they are where φ is 0.</summary>
    private static string Rescale(ModelComposer composer, string velocities, string guidance)
    {
        GraphBuilder builder = composer.Build("/rescale");
        string One() => builder.Number(1);
        string Part(string value, long from, long to, long axis) => builder.Add("Slice", [value, builder.Integers(from), builder.Integers(to), builder.Integers(axis)]);
        string Variance(string row)
        {
            string apart = builder.Add("Sub", [row, builder.Add("ReduceMean", [row])]);
            return builder.Add("ReduceMean", [builder.Add("Mul", [apart, apart])]);
        }

        string guided = Variance(builder.Add("MatMul", [Part(guidance, 0, -1, axis: 1), velocities])), target = Variance(Part(velocities, -1, long.MaxValue, axis: 0));
        string phi = Part(guidance, -1, long.MaxValue, axis: 1);
        // A velocity that is the same everywhere has no deviation to bring back.
        string ratio = builder.Add("Where", [builder.Add("Greater", [guided, builder.Number(LeastVariance)]), builder.Add("Sqrt", [builder.Add("Div", [target, guided])]), One()]);
        string factor = builder.Add("Add", [builder.Add("Mul", [phi, ratio]), builder.Add("Sub", [One(), phi])]);
        return builder.Add("Mul", [velocities, factor]);
    }
}
