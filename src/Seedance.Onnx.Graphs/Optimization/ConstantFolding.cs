using Seedance.Onnx.Graphs.Evaluation;
using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>Makes initialisers of values that do not depend on what the graph is given.</summary>
internal sealed class ConstantFolding : IGraphPass
{
    /// <summary>Values above this are computed only where they do not grow: an initialiser may not be larger than what it is made of.</summary>
    private const long SmallBytes = 64 << 10;

    /// <summary>What one run may compute, so that folding the weights of a large model does not fill the memory.</summary>
    private const long BudgetBytes = 128 << 20;

    public string Name => "constants";

    public int Run(GraphView graph)
    {
        int changes = 0;
        long budget = BudgetBytes;
        Dictionary<string, OnnxTensor> made = new(StringComparer.Ordinal);
        foreach (OnnxNode node in graph.EachNode())
        {
            if (node.Outputs.Any(graph.IsOutput) || node.Subgraphs.Any() || node.Outputs.All(output => output.Length == 0))
            {
                continue;
            }

            if (Fold(graph, node, made, ref budget) is not { } tensors)
            {
                continue;
            }

            foreach (OnnxTensor tensor in tensors.Where(tensor => tensor.Name.Length > 0))
            {
                graph.Graph.Initializers.Set(tensor);
                made[tensor.Name] = tensor;
            }

            graph.Replace(node, []);
            changes++;
        }

        return changes;
    }

    private static IEnumerable<OnnxTensor>? Fold(GraphView graph, OnnxNode node, Dictionary<string, OnnxTensor> made, ref long budget)
    {
        if (GraphView.Is(node, "Constant"))
        {
            return NodeEvaluator.ConstantOf(node) is { } constant ? [constant.WithName(node.Outputs[0])] : null;
        }

        InferredValue?[] facts = [.. node.Outputs.Select(output => output.Length == 0 ? null : graph.Shapes.Find(output))];
        if (node.Outputs.Zip(facts).All(pair => pair.First.Length == 0 || pair.Second?.Known is not null))
        {
            return node.Outputs.Zip(facts).Where(pair => pair.First.Length > 0).Select(pair => pair.Second!.Known!.ToTensor(pair.First));
        }

        // Larger ones: only where all inputs are initialisers, and the outputs are known to fit.
        OnnxTensor?[] inputs = [.. node.Inputs.Select(input => input.Length == 0 ? null : made.GetValueOrDefault(input) ?? graph.Constant(input))];
        long size = facts.Sum(fact => fact?.ByteCount ?? BudgetBytes + 1);
        if (inputs.Length == 0 || node.Inputs.Zip(inputs).Any(pair => pair.First.Length > 0 && (pair.Second is null || !HostArray.Supports(pair.Second.ElementType)))
            || size > budget || size > Math.Max(SmallBytes, inputs.Sum(input => input?.ByteCount ?? 0)))
        {
            return null;
        }

        HostArray[]? results = NodeEvaluator.Evaluate(node, [.. inputs.Select(input => input is null ? null : HostArray.From(input))], graph.Opset);
        if (results is null)
        {
            return null;
        }

        budget -= size;
        return results.Zip(node.Outputs).Where(pair => pair.Second.Length > 0).Select(pair => pair.First.ToTensor(pair.Second)).ToList();
    }
}
