using System.Text;
using Seedance.Onnx.Graphs.Inspection;
using Seedance.Onnx.Optimization;

namespace Seedance.Onnx.Cli;

/// <summary>What inspect tells about a graph's file.</summary>
internal sealed class GraphFileReport(GraphInspection graph)
{
    private readonly GraphSummary _summary = graph.Summary;

    public string ToJson() => Json.Write(new
    {
        File = _summary.Source,
        _summary.IrVersion,
        _summary.Producer,
        _summary.Opsets,
        _summary.UnknownDomains,
        _summary.Inputs,
        _summary.Outputs,
        _summary.Nodes,
        Operators = _summary.Operators.ToDictionary(),
        _summary.Functions,
        _summary.Parameters,
        _summary.InitializerBytes,
        _summary.Initializers,
        _summary.ExternalFiles,
        Metadata = _summary.Metadata.ToDictionary(),
        Cost = CostText.ToJson(graph, nodes: true),
    });

    public string ToText()
    {
        StringBuilder text = new();
        text.AppendLine($"{_summary.Source} ({Quantity.Bytes(new FileInfo(_summary.Source).Length)})").AppendLine();
        Row("made by", _summary.Producer.Length == 0 ? "somebody who does not say" : _summary.Producer);
        Row("opsets", $"{string.Join(", ", _summary.Opsets.Select(opset => $"{opset.Key} {opset.Value}"))}; file format {_summary.IrVersion}");
        Row("weights", $"{Quantity.Count(_summary.Parameters)} parameters, {Quantity.Bytes(_summary.InitializerBytes)}"
            + (_summary.Initializers.IsEmpty ? "" : $": {string.Join(", ", _summary.Initializers.Select(type => $"{type.Type} {Quantity.Bytes(type.Bytes)} in {type.Tensors}"))}"));
        List("beside it", _summary.ExternalFiles);
        List("functions", _summary.Functions);
        List("unknown", _summary.UnknownDomains);
        List("metadata", [.. _summary.Metadata.Select(entry => $"{entry.Key} = {entry.Value}")]);
        Row("nodes", $"{_summary.Nodes}: {string.Join(", ", _summary.Operators.Select(op => $"{op.Key} {op.Value}"))}");
        text.AppendLine();
        Append("in ", _summary.Inputs);
        Append("out", _summary.Outputs);
        text.AppendLine();
        CostText.Append(text, graph, "");
        if (graph.Assumed.Count > 0)
        {
            text.AppendLine($"  assumed: {string.Join(", ", graph.Assumed.Select(axis => $"{axis.Key} = {axis.Value}"))}; say otherwise with --axis or --shape");
        }

        return text.ToString().TrimEnd('\n');

        void Row(string name, string value) => text.AppendLine($"{name,-9} {value}");

        void List(string name, IReadOnlyCollection<string> values)
        {
            if (values.Count > 0)
            {
                Row(name, string.Join(", ", values));
            }
        }

        void Append(string side, IEnumerable<ValueSummary> values)
        {
            foreach (ValueSummary value in values)
            {
                text.AppendLine($"  {side} {value.Name,-24} {value.Type}{(value.Shape is { } shape ? $" [{string.Join(", ", shape)}]" : "")}");
            }
        }
    }
}
