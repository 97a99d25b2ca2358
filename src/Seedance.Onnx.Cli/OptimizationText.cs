using System.Text;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Graphs.Running;
using Seedance.Onnx.Optimization;

namespace Seedance.Onnx.Cli;

/// <summary>What optimize tells about what it did.</summary>
internal sealed class OptimizationText(ModelOptimization result, TimeSpan elapsed)
{
    private readonly ModelOptimizationRequest _request = result.Request;

    public string ToJson() => Json.Write(new
    {
        result.Output,
        _request.Input,
        Target = _request.Target.ToName(),
        Precision = _request.Precision.ToName(),
        Milliseconds = (long)elapsed.TotalMilliseconds,
        Bytes = new { Before = result.Graphs.Sum(graph => graph.BytesBefore), After = result.Graphs.Sum(graph => graph.BytesAfter) },
        Samples = _request.Samples,
        Graphs = result.Graphs.ToDictionary(graph => graph.Graph, ToJson, StringComparer.Ordinal),
    });

    public string ToText(CommandHost host)
    {
        StringBuilder text = new();
        string what = result.Graphs.All(graph => graph.IsUnchanged) ? "nothing to do, written as it was" : $"{_request.Precision.ToName()} for {_request.Target.ToName()}";
        text.AppendLine($"{host.ShownPath(result.Output)}: {what}, {Sizes(result.Graphs.Sum(graph => graph.BytesBefore), result.Graphs.Sum(graph => graph.BytesAfter))}, made in {elapsed.TotalSeconds:0.0} s");
        foreach (GraphOptimization graph in result.Graphs)
        {
            Append(text, graph);
        }

        return text.ToString().TrimEnd('\n');
    }

    private void Append(StringBuilder text, GraphOptimization graph)
    {
        text.AppendLine().AppendLine($"{graph.Graph}: {Sizes(graph.BytesBefore, graph.BytesAfter)}, {graph.Passes.NodesBefore} -> {graph.Passes.NodesAfter} nodes");
        string[] passes = [.. graph.Passes.Passes.Where(pass => pass.Changes > 0).Select(pass => $"{pass.Pass} {pass.Changes}")];
        Row("passes", passes.Length == 0 ? "nothing to do" : string.Join(", ", passes));
        if (_request.Precision != GraphPrecision.Float32)
        {
            Row(_request.Precision.ToName(), graph.Precision.Converted.IsEmpty && graph.Precision.Kept.IsEmpty ? "nothing to do" : $"{graph.Precision.Converted.Length} nodes converted, {graph.Precision.Kept.Length} kept");
        }

        if (!graph.OverflowKeeps.IsEmpty)
        {
            Row("too large", $"values or weights of {string.Join(", ", graph.OverflowKeeps)}");
        }

        if (!graph.SensitiveKeeps.IsEmpty)
        {
            Row("sensitive", string.Join(", ", graph.SensitiveKeeps.Select(node => $"{node.Node} {node.RelativeError:0.0e+0}")));
        }

        foreach (OutputDifference output in graph.Differences)
        {
            // Outputs that are all but 0 have no size to speak of.
            string remark = output is { RelativeRms: > 0.5, LargestAbsolute: > 1e-3 } ? ": another output; keep nodes, or take another precision" : "";
            Row("output", output.LargestAbsolute == 0 ? $"{output.Output} is the same" : $"{output.Output} differs by {output.RelativeRms:0.0e+0} of its size, by {output.LargestAbsolute:0.0e+0} at most{remark}");
        }

        if (graph.Differences.IsEmpty)
        {
            Row("outputs", "not compared");
        }
        else
        {
            Row("measured", $"on {_request.Samples} sets of {string.Join(", ", graph.Shapes.Select(input => $"{input.Key} [{string.Join(", ", input.Value)}]"))}");
        }

        void Row(string name, string value) => text.AppendLine($"  {name,-12} {value}");
    }

    private static object ToJson(GraphOptimization graph) => new
    {
        Bytes = new { Before = graph.BytesBefore, After = graph.BytesAfter },
        Nodes = new { Before = graph.Passes.NodesBefore, After = graph.Passes.NodesAfter },
        InitializerBytes = new { Before = graph.Passes.InitializerBytesBefore, After = graph.Precision.InitializerBytesAfter },
        Changed = !graph.IsUnchanged,
        Passes = graph.Passes.Passes.ToDictionary(pass => pass.Pass, pass => pass.Changes, StringComparer.Ordinal),
        graph.Precision.Converted,
        graph.Precision.Kept,
        graph.OverflowKeeps,
        SensitiveKeeps = graph.SensitiveKeeps.Select(node => new { node.Node, RelativeError = Finite(node.RelativeError) }),
        graph.Shapes,
        Differences = graph.Differences.ToDictionary(
            output => output.Output, output => new { LargestAbsolute = Finite(output.LargestAbsolute), RelativeRms = Finite(output.RelativeRms) }, StringComparer.Ordinal),
    };

    /// <summary>JSON has no other numbers.</summary>
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    private static string Sizes(long before, long after) => $"{Quantity.Bytes(before)} -> {Quantity.Bytes(after)}";
}
