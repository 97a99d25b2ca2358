using System.Collections.Immutable;
using System.Globalization;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Caching;
using Seedance.Onnx.Graphs.Composition;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Composition;

/// <summary>
/// Makes what a pipeline runs of a pack's graphs, once for each pack and target: text graph, step graph and pixel graph, fused for what they run on. They are
/// kept in a cache; where none can be written they are made anew for every pipeline, and <see cref="Notices"/> says so.
/// </summary>
/// <param name="pack">The pack.</param>
/// <param name="cacheFolder">The folder of the cache; null for graphs that nobody loads: each is made when someone wants to know it, and kept nowhere.</param>
/// <param name="verified">Whether the pack's files were compared with their sums; if not, dates and sizes tell whether a file has changed.</param>
/// <param name="fuses">Whether operators are rewritten for what they run on; otherwise graphs are only composed.</param>
internal sealed class PackComposer(ModelPack pack, string? cacheFolder, bool verified, bool fuses = true)
{
    private readonly string? _folder = cacheFolder is null ? null : Path.Combine(cacheFolder, "graphs");
    private readonly List<string> _notices = [];

    /// <summary>What works otherwise than wanted, and why.</summary>
    public IReadOnlyList<string> Notices => _notices;

    /// <summary>
    /// Tokenizer and text encoder in one; null where they stay apart, because the encoder wants more than the tokenizer makes, reads several captions as one text, or runs elsewhere.
    /// </summary>
    /// <param name="target">What the encoder runs on.</param>
    /// <param name="cancellationToken">Stops it, inside a pass or while a file is written too.</param>
    public ComposedGraph? ComposeText(ResolvedTarget target, CancellationToken cancellationToken = default)
    {
        GraphContract tokenizer = Require(GraphRoles.Tokenizer), encoder = Require(GraphRoles.TextEncoder);
        ImmutableDictionary<string, string> connections = encoder.Inputs.Where(input => tokenizer.FindOutput(input.Name) is not null)
            .ToImmutableDictionary(input => input.FileName, input => tokenizer.FindOutput(input.Name)!.FileName, StringComparer.Ordinal);
        if (target.Provider != ExecutionProvider.Cpu || pack.Contract.MaxShots > 1 || connections.Count < encoder.Inputs.Count(input => !input.Optional))
        {
            return null;
        }

        try
        {
            TextGraphOptions options = new() { Connections = connections, MaxTokens = pack.Contract.MaxTokens, AttentionMask = tokenizer.FindOutput("attention_mask")!.FileName };
            string recipe = string.Join(' ', connections.OrderBy(pair => pair.Key, StringComparer.Ordinal));
            return Make(ComposedContracts.Text(tokenizer, encoder), target, [tokenizer, encoder], ["text", recipe, Number(pack.Contract.MaxTokens)], models => TextGraph.Compose(models[0], models[1], options), cancellationToken);
        }
        catch (ModelPackException)
        {
            // Two graphs that cannot become one may still run one after the other; what is wrong with one of them is told when it is loaded.
            return null;
        }
    }

    /// <summary>A graph of the pack as it is, but rewritten for what it runs on.</summary>
    /// <param name="role">Its role.</param>
    /// <param name="target">What it runs on.</param>
    /// <param name="cancellationToken">Stops it, inside a pass or while a file is written too.</param>
    public ComposedGraph Rewrite(string role, ResolvedTarget target, CancellationToken cancellationToken = default)
    {
        GraphContract graph = Require(role);
        return Make(graph, target, [graph], ["as it is"], models => models[0].Copy(), cancellationToken);
    }

    /// <summary>A transformer with guidance and the solver's update, for any number of kept tensors and branches.</summary>
    /// <param name="target">What it runs on.</param>
    /// <param name="role">Which transformer, of latents or of semantic tokens.</param>
    /// <param name="cancellationToken">Stops it, inside a pass or while a file is written too.</param>
    public ComposedGraph ComposeStep(ResolvedTarget target, string role = GraphRoles.Transformer, CancellationToken cancellationToken = default)
    {
        GraphContract transformer = Require(role);
        TransformerChannels channels = pack.Contract.ChannelsOf(role);
        StepGraphOptions options = new()
        {
            Channels = channels,
            Keep = null,
            Branches = null,
            UsesNoise = true,
            RescalesGuidance = true,
            HiddenStates = transformer.FindInput("hidden_states")!.FileName,
            Timestep = transformer.FindInput("timestep")!.FileName,
            Velocity = transformer.FindOutput("out_hidden_states")!.FileName,
        };
        string[] recipe = ["step of rescaled guidance", string.Join(' ', channels.Groups), options.HiddenStates, options.Timestep, options.Velocity];
        return Make(ComposedContracts.Step(transformer, channels), target, [transformer], recipe, models => StepGraph.Compose(models[0], options), cancellationToken);
    }

    /// <summary>A decoder with un-normalising before and rounding to bytes behind it.</summary>
    /// <param name="target">What it runs on.</param>
    /// <param name="role">Which decoder.</param>
    /// <param name="cancellationToken">Stops it, inside a pass or while a file is written too.</param>
    public ComposedGraph ComposePixels(ResolvedTarget target, string role = GraphRoles.VaeDecoder, CancellationToken cancellationToken = default)
    {
        GraphContract decoder = Require(role);
        LatentGeometry latents = pack.Contract.Latents;
        PixelGraphOptions options = new()
        {
            Mean = latents.Mean,
            StandardDeviation = latents.Std,
            LatentSample = decoder.FindInput("latent_sample")!.FileName,
            Sample = decoder.FindOutput("sample")!.FileName,
        };
        string[] recipe = ["pixels", string.Join(' ', latents.Mean.Concat(latents.Std).Select(value => value.ToString("R", CultureInfo.InvariantCulture))), options.LatentSample, options.Sample];
        return Make(ComposedContracts.Pixels(decoder, latents.Channels), target, [decoder], recipe, models => PixelGraph.Compose(models[0], options), cancellationToken);
    }

    private ComposedGraph Make(GraphContract contract, ResolvedTarget target, GraphContract[] parts, IEnumerable<string> recipe, Func<OnnxModel[], OnnxModel> compose, CancellationToken cancellationToken)
    {
        GraphTarget graphTarget = TargetOf(target.Provider);
        TargetProfile profile = graphTarget == GraphTarget.Cpu && RuntimeInfo.GainsByRowPrograms ? TargetProfile.OwnProcessor : TargetProfile.Of(graphTarget);
        if (_folder is null)
        {
            return new ComposedGraph(contract, target, Key: "", new Lazy<OnnxModel>(ComposeAndOptimize), IsInFile: false);
        }

        string key = GraphCache.KeyOf(
            parts.ToDictionary(part => part.Role, SumOf, StringComparer.Ordinal),
            [.. recipe, .. parts.SelectMany(Declared), graphTarget.ToName(), RuntimeInfo.Read().Version, $"rows {profile.RowPrograms}", .. fuses ? GraphOptimizer.PassNames : []]);
        OnnxModel? made = null;
        try
        {
            string path = new GraphCache(_folder).GetOrMake(key, () => made = ComposeAndOptimize(), cancellationToken);
            return new ComposedGraph(contract with { File = path }, target, key, new Lazy<OnnxModel>(() => OnnxModel.Load(path)), IsInFile: true);
        }
        catch (ModelFileException error)
        {
            throw new ModelPackException(pack.Folder, [.. error.Problems.Select(problem => $"Graph '{contract.Role}': {problem}")], error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (_notices.Count == 0)
            {
                _notices.Add($"Graphs are composed anew at every start, because the folder '{_folder}' cannot be written: {error.Message} Name another as cache_folder.");
            }

            OnnxModel model = made ?? ComposeAndOptimize();
            return new ComposedGraph(contract, target, key, new Lazy<OnnxModel>(model), IsInFile: false);
        }

        OnnxModel ComposeAndOptimize()
        {
            cancellationToken.ThrowIfCancellationRequested();
            OnnxModel[] models = [.. parts.Select(part => OnnxModel.Load(pack.PathOfGraph(part.Role)))];
            RequireDeclared(parts, models);
            OnnxModel model = compose(models);
            if (fuses)
            {
                GraphOptimizer.Optimize(model, new OptimizationOptions { Target = graphTarget, Profile = profile }, cancellationToken);
            }

            return model;
        }
    }

    /// <summary>What the pack declares of a graph. Files that were found to be otherwise must not come out of the cache as if they were not.</summary>
    private static IEnumerable<string> Declared(GraphContract graph) => graph.Inputs.Concat(graph.Outputs).Select(tensor => $"{graph.Role} {tensor.Name} {tensor.FileName} {tensor} {tensor.Optional}");

    /// <summary>Compares what is composed with what the pack declares, while names are still those of the pack's files.</summary>
    private void RequireDeclared(GraphContract[] parts, OnnxModel[] models)
    {
        List<string> problems = [];
        foreach ((GraphContract part, OnnxModel model) in parts.Zip(models))
        {
            GraphCheck check = new(part);
            _ = check.Compare(Describe(model.Graph.RequiredInputs), Describe(model.Graph.Outputs));
            problems.AddRange(check.Problems);
        }

        if (problems.Count > 0)
        {
            throw new ModelPackException(pack.Folder, problems);
        }
    }

    private static Dictionary<string, FileTensor> Describe(IEnumerable<OnnxValue> values) => values.ToDictionary(
        value => value.Name,
        value => new FileTensor(
            ElementTypeNames.TryParse(value.ElementType.ToName(), out ElementType type) ? type : null, [.. value.Shape?.Select(axis => axis.Length) ?? []], value.DescribeType()),
        StringComparer.Ordinal);

    /// <summary>What tells a graph's files from others: their sums where those were compared, and also their dates and sizes where they were not.</summary>
    private string SumOf(GraphContract graph)
    {
        string folder = graph.File[..(graph.File.LastIndexOf('/') + 1)];
        IEnumerable<string> files = pack.Contract.Files.Where(file => file.Key.StartsWith(folder, StringComparison.Ordinal)).Select(file => verified ? $"{file.Key} {file.Value}" : $"{file.Key} {file.Value} {StateOf(file.Key)}");
        return string.Join('\n', files.Prepend(graph.File));
    }

    private string StateOf(string file)
    {
        FileInfo info = new(Path.Combine(pack.Folder, file.Replace('/', Path.DirectorySeparatorChar)));
        return info.Exists ? $"{Number(info.Length)} {Number(info.LastWriteTimeUtc.Ticks)}" : "missing";
    }

    private GraphContract Require(string role) => pack.Contract.FindGraph(role)
        ?? throw new ModelPackException(pack.Folder, $"graph '{role}' must be there, but is missing from seedance.json. Use a pack that has one.");

    private static GraphTarget TargetOf(ExecutionProvider provider) => provider switch
    {
        ExecutionProvider.Cuda => GraphTarget.Cuda,
        ExecutionProvider.TensorRt => GraphTarget.TensorRt,
        ExecutionProvider.WebGpu => GraphTarget.WebGpu,
        _ => GraphTarget.Cpu,
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
