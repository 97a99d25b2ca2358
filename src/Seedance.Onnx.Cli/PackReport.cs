using System.Text;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Optimization;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Cli;

/// <summary>What inspect tells about a pack.</summary>
/// <param name="pack">The pack.</param>
/// <param name="problems">What is wrong with its files; empty when they are whole.</param>
/// <param name="costs">What its graphs cost, by role; empty when they cannot be read.</param>
internal sealed class PackReport(ModelPack pack, IReadOnlyList<string> problems, IReadOnlyDictionary<string, GraphInspection> costs)
{
    private readonly PackContract _contract = pack.Contract;

    public static PackReport Of(ModelPack pack, IReadOnlyList<string> problems, IReadOnlyDictionary<string, GraphInspection> costs) => new(pack, problems, costs);

    public string ToJson() => Json.Write(new
    {
        _contract.Name,
        _contract.Version,
        _contract.License,
        _contract.Description,
        pack.Folder,
        Video = new
        {
            Sizes = _contract.Video.Sizes.Select(size => size.ToString()),
            _contract.Video.SizeMultiple,
            _contract.Video.Fps,
            _contract.Video.MaxFrames,
            _contract.Video.WindowFrames,
            _contract.Video.DefaultFrames,
        },
        Latents = new
        {
            _contract.Latents.Channels,
            _contract.Latents.TemporalStride,
            _contract.Latents.SpatialStride,
            _contract.Latents.CausalFirstFrame,
            _contract.Latents.Mean,
            _contract.Latents.Std,
        },
        Sampling = new
        {
            Solver = _contract.Sampling.Solver.ToName(),
            _contract.Sampling.Steps,
            _contract.Sampling.Guidance,
            _contract.Sampling.BoundaryRatio,
            _contract.Sampling.SecondGuidance,
            _contract.Sampling.NegativePrompt,
            Distilled = _contract.Sampling.Distilled is { } distilled ? new { Solver = distilled.Solver.ToName(), distilled.Steps, distilled.Guidance, Shift = distilled.Shift ?? pack.Scheduler.Shift } : null,
            pack.Scheduler.Shift,
            pack.Scheduler.TrainTimesteps,
        },
        _contract.MaxTokens,
        Images = new { Min = _contract.MinImages, Max = MaxImages },
        TransformerChannels = _contract.TransformerChannels.Groups.Select(group => new
        {
            Kind = Name(group.Kind),
            group.Channels,
            Absent = group.Kind == ChannelKind.Condition ? Name(group.Absent) : null,
        }),
        Semantics = SemanticsToJson(),
        Graphs = _contract.Graphs.ToDictionary(
            graph => graph.Key,
            graph => new
            {
                graph.Value.File,
                Inputs = Tensors(graph.Value.Inputs),
                Outputs = Tensors(graph.Value.Outputs),
                costs.GetValueOrDefault(graph.Key)?.Summary.Parameters,
                Cost = costs.TryGetValue(graph.Key, out GraphInspection? cost) ? CostText.ToJson(cost, nodes: false) : null,
            },
            StringComparer.Ordinal),
        Files = _contract.Files.ToDictionary(file => file.Key, file => new { Bytes = BytesOf(file.Key), Sha256 = file.Value }, StringComparer.Ordinal),
        Verification = new { Ok = problems.Count == 0, Problems = problems },
    });

    public string ToText()
    {
        StringBuilder text = new();
        VideoContract video = _contract.Video;
        LatentGeometry latents = _contract.Latents;
        text.AppendLine($"{_contract.Name} {_contract.Version} ({_contract.License})").AppendLine(_contract.Description).AppendLine();
        Row("folder", $"{pack.Folder} ({_contract.Files.Count} files, {Quantity.Bytes(_contract.Files.Keys.Sum(BytesOf))})");
        Row("sizes", $"{string.Join(", ", video.Sizes)}; other multiples of {video.SizeMultiple} may look worse");
        Row("length", $"{latents.FramesRule} frames at {video.Fps} a second, up to {video.MaxFrames} ({Seconds(video.MaxFrames)}){(video.WindowFrames is { } window ? $" at once, longer ones in windows of {window}" : "")}; "
            + $"{video.DefaultFrames} ({Seconds(video.DefaultFrames)}) if not specified");
        Row("latents", $"{latents.Channels} channels for {latents.SpatialStride}x{latents.SpatialStride} pixels and {latents.TemporalStride} frames"
            + (latents.CausalFirstFrame ? ", the first frame by itself" : ""));
        foreach ((string name, string value) in SamplingRows())
        {
            Row(name, value);
        }

        Row("prompt", $"up to {_contract.MaxTokens} tokens");
        Row("images", MaxImages == 0 ? "none: it makes videos of words alone"
            : (_contract.MinImages == MaxImages ? $"{MaxImages}" : MaxImages < PackContract.MostImages ? $"{_contract.MinImages} to {MaxImages}" : $"{_contract.MinImages} or more")
            + (_contract.TransformerChannels.Absent == AbsentFrames.Grey ? ", encoded as frames of one clip that is grey elsewhere" : ", each encoded alone")
            + (_contract.TakesImageFeatures ? ", and looked at through the image encoder" : ""));
        Row("channels", string.Join(" + ", _contract.TransformerChannels.Groups.Select(group => $"{group.Channels} {Name(group.Kind)}")));
        foreach (GraphContract graph in GraphRoles.All.Select(_contract.FindGraph).OfType<GraphContract>())
        {
            text.AppendLine().AppendLine($"{graph.Role}: {graph.File} ({Quantity.Bytes(BytesOf(graph.File))})");
            AppendTensors("in ", graph.Inputs);
            AppendTensors("out", graph.Outputs);
            if (costs.TryGetValue(graph.Role, out GraphInspection? cost))
            {
                CostText.Append(text, cost, "  ");
            }
        }

        text.AppendLine().AppendLine("files");
        foreach (string file in _contract.Files.Keys)
        {
            text.AppendLine($"  {Quantity.Bytes(BytesOf(file)),10}  {file}");
        }

        string verdict = problems.Count == 0 ? "verified: every file is as seedance.json states" : "not verified: files differ from what seedance.json states";
        return text.AppendLine().Append(verdict).ToString();

        void Row(string name, string value) => text.AppendLine($"{name,-9} {value}");

        void AppendTensors(string side, IEnumerable<TensorContract> tensors)
        {
            foreach (TensorContract tensor in tensors)
            {
                string renamed = tensor.FileName == tensor.Name ? "" : $" ('{tensor.FileName}' in the file)";
                text.AppendLine($"  {side} {tensor.Name,-24} {tensor}{renamed}{(tensor.Optional ? ", optional" : "")}");
            }
        }
    }

    private static Dictionary<string, object> Tensors(IEnumerable<TensorContract> tensors) => tensors.ToDictionary(
        tensor => tensor.Name,
        tensor => (object)new
        {
            Name = tensor.FileName,
            Type = tensor.ElementType.ToName(),
            Shape = tensor.Axes.Select(axis => axis.Letter ?? (object)axis.Length!.Value),
            tensor.Optional,
        },
        StringComparer.Ordinal);

    private object? SemanticsToJson() => _contract.Semantics is not { } semantics ? null : new
    {
        semantics.Tokens.Channels,
        semantics.Tokens.TemporalStride,
        semantics.Tokens.SpatialStride,
        semantics.Noise,
        Solver = semantics.Sampling.Solver.ToName(),
        semantics.Sampling.Steps,
        semantics.Sampling.Guidance,
        Shift = semantics.Sampling.Shift ?? pack.Scheduler.Shift,
    };

    /// <summary>How noise is led to latents, and to what they follow.</summary>
    private IEnumerable<(string Name, string Value)> SamplingRows()
    {
        yield return ("sampling", $"{_contract.Sampling.Solver.ToName()}, {_contract.Sampling.Steps} steps, guidance {_contract.Sampling.Guidance}, shift {pack.Scheduler.Shift}");
        if (_contract.Sampling.BoundaryRatio is { } boundary)
        {
            yield return ("experts", $"{GraphRoles.SecondTransformer} below timestep {boundary * pack.Scheduler.TrainTimesteps:0.##} of {pack.Scheduler.TrainTimesteps}, "
                + $"guidance {_contract.Sampling.SecondGuidance ?? _contract.Sampling.Guidance}");
        }

        if (_contract.Sampling.Distilled is { } distilled)
        {
            yield return ("distilled", $"{distilled.Solver.ToName()}, {distilled.Steps} steps, guidance {distilled.Guidance}, shift {distilled.Shift ?? pack.Scheduler.Shift}: what is run unless a request wants the transformer that it was made from");
        }

        if (_contract.Semantics is { Tokens: var tokens, Sampling: var made } semantics)
        {
            yield return ("semantics", $"{tokens.Channels} channels for {tokens.SpatialStride}x{tokens.SpatialStride} pixels and {tokens.TemporalStride} frames, made of a whole video first: "
                + $"{made.Solver.ToName()}, {made.Steps} steps, guidance {made.Guidance}, shift {made.Shift ?? pack.Scheduler.Shift}; followed with {100 * semantics.Noise:0.#} % noise");
        }
    }

    /// <summary>The most images that can be given; 0 for a pack that has no way to take any.</summary>
    private int MaxImages => _contract.FindGraph(GraphRoles.VaeEncoder) is null || _contract.TransformerChannels.Count(ChannelKind.Condition) == 0 ? 0 : _contract.MaxImages;

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private string Seconds(int frames) => $"{(double)frames / _contract.Video.Fps:0.0} s";

    /// <summary>A file's size; 0 for one that is gone, which the problems name.</summary>
    private long BytesOf(string file)
    {
        FileInfo info = new(Path.Combine(pack.Folder, file));
        return info.Exists ? info.Length : 0;
    }
}
