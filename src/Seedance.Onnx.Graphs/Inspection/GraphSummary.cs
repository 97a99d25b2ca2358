using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Inspection;

/// <summary>What a model is, as `seedance inspect` shows it: interface, operators, and sizes. No tensor is read for it.</summary>
public sealed record GraphSummary
{
    /// <summary>The file that the model was read from, or the name it was given.</summary>
    public required string Source { get; init; }

    /// <summary>The version of the file format.</summary>
    public required long IrVersion { get; init; }

    /// <summary>The tool that made it and its version; may be empty.</summary>
    public required string Producer { get; init; }

    /// <summary>The version of each operator domain; ONNX's own is "ai.onnx".</summary>
    public required ImmutableSortedDictionary<string, long> Opsets { get; init; }

    /// <summary>Domains of operators that are neither ONNX's, ONNX Runtime's nor the model's own functions; passes and the cost model leave their nodes alone.</summary>
    public required ImmutableArray<string> UnknownDomains { get; init; }

    /// <summary>What the caller must give.</summary>
    public required ImmutableArray<ValueSummary> Inputs { get; init; }

    /// <summary>What the caller gets.</summary>
    public required ImmutableArray<ValueSummary> Outputs { get; init; }

    /// <summary>How many nodes there are, those of inner graphs included.</summary>
    public required int Nodes { get; init; }

    /// <summary>How many nodes each operator has, the most first; operators of other domains have theirs in front.</summary>
    public required ImmutableArray<KeyValuePair<string, int>> Operators { get; init; }

    /// <summary>The model's own functions.</summary>
    public required ImmutableArray<string> Functions { get; init; }

    /// <summary>Initialisers by element type, the most bytes first; those of inner graphs included.</summary>
    public required ImmutableArray<InitializerSummary> Initializers { get; init; }

    /// <summary>Elements of all floating-point, quantised and packed initialisers: what a model is measured by.</summary>
    public required long Parameters { get; init; }

    /// <summary>Bytes of all initialisers.</summary>
    public required long InitializerBytes { get; init; }

    /// <summary>Names of files beside the model that hold initialisers.</summary>
    public required ImmutableArray<string> ExternalFiles { get; init; }

    /// <summary>Free texts by key.</summary>
    public required ImmutableArray<KeyValuePair<string, string>> Metadata { get; init; }

    /// <summary>Summarises a model.</summary>
    /// <param name="model">The model; not changed.</param>
    /// <returns>The summary.</returns>
    public static GraphSummary Of(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        OnnxNode[] nodes = [.. model.Graph.AllNodes];
        OnnxTensor[] tensors = [.. AllTensors(model.Graph)];
        string? own = Path.IsPathRooted(model.Source) ? model.Source : null;
        HashSet<string> functionDomains = [.. model.Functions.Select(function => OpsetImports.Normalize(function.Domain))];
        return new GraphSummary
        {
            Source = model.Source,
            IrVersion = model.IrVersion,
            Producer = $"{model.ProducerName} {model.ProducerVersion}".Trim(),
            Opsets = model.Opsets.ToImmutableSortedDictionary(entry => entry.Key.Length == 0 ? "ai.onnx" : entry.Key, entry => entry.Value, StringComparer.Ordinal),
            UnknownDomains = [.. nodes.Select(node => OpsetImports.Normalize(node.Domain)).Distinct(StringComparer.Ordinal).Where(domain => !OpsetImports.IsKnown(domain) && !functionDomains.Contains(domain)).Order(StringComparer.Ordinal)],
            Inputs = [.. model.Graph.RequiredInputs.Select(ValueSummary.Of)],
            Outputs = [.. model.Graph.Outputs.Select(ValueSummary.Of)],
            Nodes = nodes.Length,
            Operators = [.. nodes.CountBy(OperatorOf).OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key, StringComparer.Ordinal)],
            Functions = [.. model.Functions.Select(function => $"{function.Domain}.{function.Name}")],
            Initializers = [.. tensors.GroupBy(tensor => tensor.ElementType).Select(group => new InitializerSummary(group.Key.ToName(), group.Count(), group.Sum(tensor => tensor.ElementCount), group.Sum(tensor => tensor.ByteCount)))
                .OrderByDescending(group => group.Bytes)],
            Parameters = tensors.Where(tensor => tensor.IsParameter).Sum(tensor => tensor.ElementCount),
            InitializerBytes = tensors.Sum(tensor => tensor.ByteCount),
            ExternalFiles = [.. tensors.Select(tensor => tensor.File).OfType<string>().Where(file => file != own).Distinct(StringComparer.Ordinal).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)],
            Metadata = [.. model.Metadata],
        };
    }

    private static string OperatorOf(OnnxNode node) => OpsetImports.Normalize(node.Domain) is { Length: > 0 } domain ? $"{domain}.{node.OpType}" : node.OpType;

    private static IEnumerable<OnnxTensor> AllTensors(OnnxGraph graph) =>
        graph.Initializers
            .Concat(graph.Nodes.SelectMany(node => node.Subgraphs).SelectMany(AllTensors))
            .Concat(graph.Nodes.Where(node => node.OpType == "Constant").SelectMany(node => node.Attributes).SelectMany(attribute => attribute.Tensors));
}
