using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Evaluation;
using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Graphs.Costs;

/// <summary>Estimates what a run of a graph costs from its shapes, without running it.</summary>
/// <remarks>Bodies of If and Loop are not counted. Memory is that of a runtime that frees a value after its last use and copies nothing for a new view of it.</remarks>
public static class CostModel
{
    private static readonly HashSet<string> Views = new(StringComparer.Ordinal) { "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Shape", "Size", "Constant" };

    /// <summary>Estimates the cost of the main graph.</summary>
    /// <param name="model">The model; not changed.</param>
    /// <param name="bindings">The shapes of its inputs. What stays free makes nodes unknown.</param>
    /// <returns>The cost.</returns>
    /// <exception cref="ModelFileException">A bound shape does not fit its input.</exception>
    public static GraphCost Estimate(OnnxModel model, ShapeBindings? bindings = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Functions.Count > 0)
        {
            model = FunctionInlining.Inline(model);
        }

        GraphShapes shapes = ShapeInference.Run(model, bindings);
        List<OnnxNode> nodes = NodeOrder.Sort(model.Graph.Nodes);
        long[] activations = ActivationMemory.Measure(model.Graph, nodes, shapes, IsView);
        Dictionary<string, long> weights = Weights(model.Graph);
        HashSet<string> counted = new(StringComparer.Ordinal);
        ImmutableArray<NodeCost>.Builder costs = ImmutableArray.CreateBuilder<NodeCost>(nodes.Count);
        for (int i = 0; i < nodes.Count; i++)
        {
            costs.Add(Cost(nodes[i], weights, shapes, activations[i], counted));
        }

        return new GraphCost(costs.MoveToImmutable(), model.Graph.Initializers.Sum(tensor => tensor.ByteCount));
    }

    private static bool IsView(OnnxNode node) => OpsetImports.Normalize(node.Domain).Length == 0 && Views.Contains(node.OpType);

    private static NodeCost Cost(OnnxNode node, Dictionary<string, long> weights, GraphShapes shapes, long activations, HashSet<string> counted)
    {
        InferredValue?[] inputs = [.. node.Inputs.Select(name => name.Length == 0 ? null : shapes.Find(name))];
        InferredValue?[] outputs = [.. node.Outputs.Select(name => name.Length == 0 ? null : shapes.Find(name))];
        string domain = OpsetImports.Normalize(node.Domain);
        string op = domain.Length == 0 ? node.OpType : $"{domain}.{node.OpType}";
        long multiplyAdds = 0, flops = 0, bytes = 0, parameters = 0;
        bool known = node.Inputs.Zip(inputs).Concat(node.Outputs.Zip(outputs)).All(pair => pair.First.Length == 0 || pair.Second?.Lengths is not null);
        if (known && !IsView(node))
        {
            multiplyAdds = OperatorCost.MultiplyAdds(op, node, inputs, outputs);
            flops = (2 * multiplyAdds) + OperatorCost.OtherFlops(op, node, inputs, outputs);
            bytes = inputs.Concat(outputs).Sum(value => value?.ByteCount ?? 0);
        }

        foreach (string name in node.Inputs)
        {
            if (weights.TryGetValue(name, out long elements) && counted.Add(name))
            {
                parameters += elements;
            }
        }

        return new NodeCost(node.Name, op, multiplyAdds, flops, bytes, parameters, activations, known);
    }

    /// <summary>Elements of initialisers, and of Constants, by name. Whole numbers and truth values are shapes, axes and the like.</summary>
    private static Dictionary<string, long> Weights(OnnxGraph graph) =>
        graph.Initializers.Select(tensor => (tensor.Name, Tensor: tensor))
            .Concat(graph.Nodes.Where(node => OpsetImports.Normalize(node.Domain).Length == 0 && node.OpType == "Constant" && node.Outputs.Count == 1)
                .Select(node => (Name: node.Outputs[0], Tensor: NodeEvaluator.ConstantOf(node)!)).Where(constant => constant.Tensor is not null))
            .Where(weight => weight.Tensor.IsParameter).DistinctBy(weight => weight.Name, StringComparer.Ordinal).ToDictionary(weight => weight.Name, weight => weight.Tensor.ElementCount, StringComparer.Ordinal);
}
