using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Precision;

/// <summary>Names nodes that have none, so that each can be asked to stay.</summary>
internal static class NodeNaming
{
    public static void NameAll(OnnxGraph graph)
    {
        NameSource? names = null;
        foreach (OnnxNode node in graph.Nodes.Where(node => node.Name.Length == 0))
        {
            node.Name = (names ??= new NameSource(graph)).Next(node.OpType);
        }
    }
}
