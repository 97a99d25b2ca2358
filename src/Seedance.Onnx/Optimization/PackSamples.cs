using System.Collections.Immutable;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Running;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Optimization;

/// <summary>
/// Inputs of a pack's graphs as they occur when it makes a small clip: prompts for the tokenizer, its ids for the text encoder, those features with
/// noise and a timestep for the transformer. What no clip decides is made up.
/// </summary>
internal sealed class PackSamples(ModelPack pack, IReadOnlyDictionary<string, OnnxModel> models, ModelRunner runner, int count)
{
    private static readonly string[] Prompts =
        ["a red ball moves to the right", "一个蓝色的方块变大,白色背景", "two birds fly over a calm sea at sunset, seen from far away", "a cat sits still on the left"];

    private readonly PlannedShapes _shapes = Small(pack.Contract);
    private readonly Dictionary<(string Role, int Seed), IReadOnlyDictionary<string, OnnxTensor>> _results = [];

    /// <summary>The sets of inputs of a graph, by the names in its file.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, OnnxTensor>> For(GraphContract graph) => [.. Enumerable.Range(0, count).Select(seed => Create(graph, seed))];

    private IReadOnlyDictionary<string, OnnxTensor> Create(GraphContract graph, int seed)
    {
        OnnxModel model = models[graph.Role];
        Dictionary<string, OnnxValue> inputs = model.Graph.RequiredInputs.ToDictionary(input => input.Name, StringComparer.Ordinal);
        IReadOnlyDictionary<string, ImmutableArray<long>> planned = _shapes.InputsOf(graph, pack.Contract);
        ShapeBindings bindings = ShapeBindings.None;
        foreach (TensorContract input in graph.Inputs.Where(input => inputs.ContainsKey(input.FileName)))
        {
            OnnxValue file = inputs[input.FileName];
            if (Value(graph.Role, input.Name, seed) is { } value && Fits(value, file))
            {
                bindings = bindings.WithInput(file.Name, value.Dimensions.AsSpan()) with { Values = bindings.Values.SetItem(file.Name, value) };
            }
            else if (LengthsOf(input, file, planned[input.Name]) is { } lengths)
            {
                bindings = bindings.WithInput(file.Name, lengths);
            }
        }

        return SampleInputs.Create(model, ShapeChoice.For(model, bindings).Bindings, seed);
    }

    /// <summary>The length of each axis of an input: the file's, the contract's, the clip's; null when one is none of these.</summary>
    internal static long[]? LengthsOf(TensorContract input, OnnxValue file, ImmutableArray<long> planned)
    {
        long[] lengths = [.. input.Axes.Select((axis, i) => (file.Shape is { } shape && shape.Length == input.Axes.Length ? shape[i].Length : null) ?? axis.Length ?? planned[i])];
        return lengths.Contains(0) ? null : lengths;
    }

    /// <summary>A clip of two latent frames and 4 by 6 steps of the pack's grid, to run graphs with.</summary>
    private static PlannedShapes Small(PackContract contract)
    {
        VideoSize size = new(6 * contract.Video.SizeMultiple, 4 * contract.Video.SizeMultiple);
        int frames = Math.Min(contract.Latents.Frames(2), contract.Video.MaxFrames);
        return new PlannedShapes(contract.Latents.LatentsOf(size, frames), Branches: 2, Math.Min(16, contract.MaxTokens), Images: contract.MinImages);
    }

    private static bool Fits(OnnxTensor value, OnnxValue file) => value.ElementType == file.ElementType
        && (file.Shape is not { } shape || (shape.Length == value.Dimensions.Length && shape.Zip(value.Dimensions).All(axis => axis.First.Length is null || axis.First.Length == axis.Second)));

    private OnnxTensor? Value(string role, string input, int seed) => (GraphRoles.Transformers.Contains(role, StringComparer.Ordinal) ? GraphRoles.Transformer : role, input) switch
    {
        (GraphRoles.Tokenizer, "text") => OnnxTensor.FromText(input, [pack.Contract.Sampling.NegativePrompt, Prompts[seed % Prompts.Length]], 2),
        (GraphRoles.TextEncoder, "shot_ids") => Result(GraphRoles.Tokenizer, "shot_ids", seed) ?? Zeros(Result(GraphRoles.Tokenizer, "attention_mask", seed)),
        (GraphRoles.TextEncoder, _) => Result(GraphRoles.Tokenizer, input, seed),
        (GraphRoles.Transformer, "hidden_states") => HiddenStates(role, seed),
        (GraphRoles.Transformer, "timestep") => Timestep(seed),
        (GraphRoles.Transformer, "encoder_hidden_states") => Result(GraphRoles.TextEncoder, "last_hidden_state", seed),
        (GraphRoles.Transformer, "encoder_attention_mask") => Result(GraphRoles.Tokenizer, "attention_mask", seed),
        (GraphRoles.Transformer, "encoder_shot_ids") => Zeros(Result(GraphRoles.Tokenizer, "attention_mask", seed)),
        (GraphRoles.Transformer, "frame_shot_ids") => OnnxTensor.Create<long>(input, new long[_shapes.Branches * _shapes.Latents.Frames], _shapes.Branches, _shapes.Latents.Frames),
        (GraphRoles.VaeDecoder or GraphRoles.ThinVaeDecoder, "latent_sample") => LatentSample(seed),
        _ => null,
    };

    /// <summary>An output of a graph before this one; null when it has none of the name.</summary>
    private OnnxTensor? Result(string role, string output, int seed)
    {
        GraphContract graph = pack.Contract.FindGraph(role)!;
        if (!_results.TryGetValue((role, seed), out IReadOnlyDictionary<string, OnnxTensor>? results))
        {
            IReadOnlyDictionary<string, OnnxTensor> inputs = Create(graph, seed);
            runner.Name = role;
            _results[(role, seed)] = results = runner.RunFile(models[role].Source, inputs);
        }

        return graph.FindOutput(output) is { } declared ? results.GetValueOrDefault(declared.FileName) : null;
    }

    private static OnnxTensor? Zeros(OnnxTensor? like) => like is null ? null : OnnxTensor.Create<long>("", new long[like.ElementCount], like.Dimensions.AsSpan());

    /// <summary>σ in the middle of one of as many equal parts as there are samples, times the timesteps of training.</summary>
    private OnnxTensor Timestep(int seed)
    {
        float[] values = new float[_shapes.Branches];
        Array.Fill(values, (float)(pack.Scheduler.TrainTimesteps * (count - seed - 0.5) / count));
        return OnnxTensor.Create<float>("", values, values.Length);
    }

    /// <summary>Noise in the noisy channels of every branch; nothing is given on the others.</summary>
    private OnnxTensor HiddenStates(string role, int seed)
    {
        TransformerChannels channels = pack.Contract.ChannelsOf(role);
        GraphContract graph = pack.Contract.FindGraph(role)!;
        long[] planned = [.. _shapes.InputsOf(graph with { Inputs = [graph.FindInput("hidden_states")!] }, pack.Contract)["hidden_states"]];
        LatentShape latents = new(channels.Count(ChannelKind.Noisy), (int)planned[2], (int)planned[3], (int)planned[4]);
        int perChannel = checked((int)(latents.Length / latents.Channels));
        float[] noise = Normal(latents.Length, seed), values = new float[_shapes.Branches * channels.Total * perChannel];
        for (int branch = 0; branch < _shapes.Branches; branch++)
        {
            noise.CopyTo(values, ((branch * channels.Total) + channels.Offset(ChannelKind.Noisy)) * perChannel);
        }

        return OnnxTensor.Create<float>("", values, _shapes.Branches, channels.Total, latents.Frames, latents.Height, latents.Width);
    }

    /// <summary>Noise with the mean and the deviation of each channel.</summary>
    private OnnxTensor LatentSample(int seed)
    {
        LatentShape latents = _shapes.Latents;
        LatentGeometry geometry = pack.Contract.Latents;
        float[] values = Normal(latents.Length, seed);
        int perChannel = checked((int)(latents.Length / latents.Channels));
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (values[i] * geometry.Std[i / perChannel]) + geometry.Mean[i / perChannel];
        }

        return OnnxTensor.Create<float>("", values, 1, latents.Channels, latents.Frames, latents.Height, latents.Width);
    }

    private static float[] Normal(long length, int seed)
    {
        float[] values = new float[length];
        new TorchRandom((ulong)seed).FillNormal(values);
        return values;
    }
}
