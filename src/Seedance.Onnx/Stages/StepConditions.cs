using Seedance.Onnx.Latents;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>What a step graph reads beside state and solver, the same over all steps: on the device, once for each set of branches that steps run.</summary>
internal sealed class StepConditions : IDisposable
{
    private readonly GraphSession _graph;
    private readonly Dictionary<string, HostTensor> _all = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, GraphTensor>> _uploaded = new(StringComparer.Ordinal);
    private readonly List<HostTensor> _owned = [];

    /// <summary>Lays out the conditions of all branches; nothing is on the device yet.</summary>
    /// <param name="graph">The step graph; borrowed.</param>
    /// <param name="channels">What it reads beside the latents.</param>
    /// <param name="plan">What is made.</param>
    /// <param name="text">The features of the plan's captions; borrowed, and needed for as long as this is used.</param>
    /// <param name="images">What the plan's images come to.</param>
    /// <param name="semantics">The semantic tokens that the clip follows; null where the graph reads none.</param>
    public StepConditions(GraphSession graph, TransformerChannels channels, GenerationPlan plan, TextCondition text, ImageCondition images, SemanticTokens? semantics)
    {
        _graph = graph;
        LatentShape shape = plan.Latents;
        int branches = plan.Solver.Branches;
        HostTensor frameShots = Own(HostTensor.Allocate(ElementType.Int64, branches, shape.Frames));
        for (int branch = 0; branch < branches; branch++)
        {
            plan.CopyFrameShots(branch, frameShots.AsSpan<long>().Slice(branch * shape.Frames, shape.Frames));
        }

        foreach ((string name, GraphTensor tensor) in graph.Contract.PickInputs(
            ("encoder_hidden_states", text.States), ("encoder_attention_mask", text.Mask), ("encoder_shot_ids", text.Shots), ("frame_shot_ids", frameShots)))
        {
            _all.Add(name, (HostTensor)tensor);
        }

        foreach (ChannelGroup group in channels.Groups.Where(group => group.Kind != ChannelKind.Noisy))
        {
            Give(ComposedTensors.Of(group.Kind), group.Channels, shape.Frames, shape.Height, shape.Width);
        }

        if (images.FeatureShape is [var rows, var width])
        {
            Give(ImageCondition.Features, rows, width);
        }

        if (semantics is not null)
        {
            HostTensor followed = Own(HostTensor.Allocate(ElementType.Float32, [branches, .. semantics.InputShape]));
            semantics.Fill(followed.AsSpan<float>());
            _all.Add(SemanticsContract.Input, followed);
        }

        void Give(string input, params ReadOnlySpan<long> ofBranch)
        {
            HostTensor given = Own(HostTensor.Allocate(ElementType.Float32, [branches, .. ofBranch]));
            images.Fill(plan, input, given.AsSpan<float>());
            _all.Add(input, given);
        }
    }

    /// <summary>The inputs for some of the branches, on the device.</summary>
    /// <param name="rows">The branches.</param>
    /// <returns>Inputs by name; borrowed.</returns>
    public IReadOnlyDictionary<string, GraphTensor> Of(IReadOnlyList<int> rows)
    {
        string key = string.Join(' ', rows);
        if (!_uploaded.TryGetValue(key, out Dictionary<string, GraphTensor>? inputs))
        {
            _uploaded[key] = inputs = new(StringComparer.Ordinal);
            foreach ((string name, HostTensor all) in _all)
            {
                using HostTensor some = Pick(all, rows);
                inputs[name] = _graph.Upload(some);
            }
        }

        return inputs;
    }

    public void Dispose()
    {
        foreach (GraphTensor tensor in _uploaded.Values.SelectMany(inputs => inputs.Values).Concat(_owned))
        {
            tensor.Dispose();
        }
    }

    /// <summary>Some rows of a tensor.</summary>
    private static HostTensor Pick(HostTensor all, IReadOnlyList<int> rows)
    {
        HostTensor some = HostTensor.Allocate(all.ElementType, [rows.Count, .. all.Shape.Skip(1)]);
        int bytes = (int)(all.ByteSize / all.Shape[0]);
        foreach ((int place, int row) in rows.Index())
        {
            all.AsBytes().Slice(row * bytes, bytes).CopyTo(some.AsBytes()[(place * bytes)..]);
        }

        return some;
    }

    private HostTensor Own(HostTensor tensor)
    {
        _owned.Add(tensor);
        return tensor;
    }
}
