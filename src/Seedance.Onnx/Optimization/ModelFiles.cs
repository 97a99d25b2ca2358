using Seedance.Onnx.Graphs;

namespace Seedance.Onnx.Optimization;

/// <summary>The files that a model is in: its own, and those with its tensors.</summary>
internal static class ModelFiles
{
    /// <summary>Full paths; the model's own first.</summary>
    public static IReadOnlyList<string> Of(OnnxModel model) =>
        [.. Tensors(model.Graph).Select(tensor => tensor.File).OfType<string>().Prepend(Path.GetFullPath(model.Source)).Distinct(StringComparer.Ordinal)];

    /// <summary>Bytes of all of them.</summary>
    public static long SizeOf(OnnxModel model) => Of(model).Sum(file => new FileInfo(file).Length);

    private static IEnumerable<OnnxTensor> Tensors(OnnxGraph graph) => graph.Initializers.Concat(graph.Nodes.SelectMany(node => node.Subgraphs).SelectMany(Tensors));
}
