using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Graphs.Precision;

/// <summary>Quantises the weights of matrix products: MatMul with a constant [K, N] on the right, and Gemm.</summary>
internal static class WeightQuantization
{
    public static void Convert(OnnxModel model, PrecisionOptions options, NodeFilter filter, List<string> converted, List<string> kept, CancellationToken cancellationToken)
    {
        GraphView graph = new(model, model.Graph, ShapeInference.Run(model), TargetProfile.Of(GraphTarget.Cpu), cancellationToken);
        // Weights that several nodes share are quantised once.
        Dictionary<string, string[]> done = new(StringComparer.Ordinal);
        foreach (OnnxNode node in graph.EachNode())
        {
            if (Product(graph, node, options) is not { } product)
            {
                continue;
            }

            if (filter.Matches(node.Name))
            {
                kept.Add(node.Name);
                continue;
            }

            string key = $"{product.IsTransposed} {product.Weight.Name}";
            if (!done.TryGetValue(key, out string[]? inputs))
            {
                QuantizedWeight weight = options.Precision switch
                {
                    GraphPrecision.Int8 => QuantizedWeight.Columns(product.Weight, product.IsTransposed, options.ReducedRange),
                    GraphPrecision.Weights8 => QuantizedWeight.Blocks(product.Weight, product.IsTransposed, options.BlockSize, 8),
                    _ => QuantizedWeight.Blocks(product.Weight, product.IsTransposed, options.BlockSize, 4),
                };
                done[key] = inputs = [.. weight.Tensors.Select(tensor => Store(graph, tensor))];
            }

            Emit(graph, node, product, inputs, options);
            converted.Add(node.Name);
        }

        graph.Commit();
    }

    private static MatrixProduct? Product(GraphView graph, OnnxNode node, PrecisionOptions options)
    {
        bool gemm = GraphView.Is(node, "Gemm");
        if ((!gemm && !GraphView.Is(node, "MatMul")) || node.Inputs.Count < 2 || graph.Shapes.Find(node.Inputs[0])?.ElementType != OnnxElementType.Float32
            || Weight(graph, node.Inputs[1]) is not { } weight || weight.Dimensions.Length != 2 || weight.ElementCount < options.SmallestWeight)
        {
            return null;
        }

        if (!gemm)
        {
            // A bias behind a product goes in with it.
            foreach ((string value, string bias) in graph.OnlyReader(node.Outputs[0], "Add") is { } add ? GraphView.BothWays(add) : [])
            {
                if (value == node.Outputs[0] && graph.Constant(bias) is { Dimensions: [var length], ElementType: OnnxElementType.Float32 } && length == weight.Dimensions[1])
                {
                    return new MatrixProduct(weight, false, bias, graph.OnlyReader(node.Outputs[0], "Add")!);
                }
            }

            return new MatrixProduct(weight, false, null, node);
        }

        bool transposed = node.Int("transB", 0) != 0;
        long columns = weight.Dimensions[transposed ? 0 : 1];
        bool plain = node.Float("alpha", 1) == 1 && node.Float("beta", 1) == 1 && node.Int("transA", 0) == 0
            && (node.Input(2).Length == 0 || graph.Constant(node.Inputs[2]) is { Dimensions: [var count] } && count == columns);
        return plain ? new MatrixProduct(weight, transposed, node.Input(2) is { Length: > 0 } given ? given : null, node) : null;
    }

    /// <summary>An initialiser of single precision, or one of half precision that is cast to it.</summary>
    private static OnnxTensor? Weight(GraphView graph, string value)
    {
        if (graph.Graph.Initializers.Find(value) is { ElementType: OnnxElementType.Float32 } single)
        {
            return single;
        }

        return graph.Maker(value, "Cast") is { } cast && cast.Int("to", 0) == (long)OnnxElementType.Float32
            && graph.Graph.Initializers.Find(cast.Inputs[0]) is { ElementType: OnnxElementType.Float16 or OnnxElementType.BFloat16 } half ? half : null;
    }

    private static string Store(GraphView graph, OnnxTensor tensor)
    {
        string name = graph.NewName("", tensor.Name);
        graph.Graph.Initializers.Set(tensor.WithName(name));
        return name;
    }

    private static void Emit(GraphView graph, OnnxNode node, MatrixProduct product, string[] inputs, PrecisionOptions options)
    {
        // The new node keeps the name: exclusions, measurements and scopes go by it.
        OnnxNode last = product.Last;
        if (options.Precision == GraphPrecision.Int8)
        {
            string[] all = product.Bias is null ? [node.Inputs[0], .. inputs] : [node.Inputs[0], .. inputs, "", product.Bias];
            graph.Replace(last, [new OnnxNode("DynamicQuantizeMatMul", all, last.Outputs, node.Name, OpsetImports.Microsoft)]);
            return;
        }

        long k = product.Weight.Dimensions[product.IsTransposed ? 1 : 0], n = product.Weight.Dimensions[product.IsTransposed ? 0 : 1];
        string output = product.Bias is null ? last.Outputs[0] : graph.NewName(node.Name, "product");
        OnnxNode quantized = new("MatMulNBits", [node.Inputs[0], .. inputs], [output], node.Name, OpsetImports.Microsoft, OnnxAttribute.Create("K", k), OnnxAttribute.Create("N", n),
            OnnxAttribute.Create("bits", options.Precision == GraphPrecision.Weights8 ? 8 : 4), OnnxAttribute.Create("block_size", options.BlockSize));
        OnnxNode[] bias = product.Bias is null ? [] : [new OnnxNode("Add", [output, product.Bias], last.Outputs, graph.NewName(node.Name, "Add"))];
        graph.Replace(last, [quantized, .. bias]);
    }

    /// <param name="Weight">[K, N], or [N, K] when transposed; of single or half precision.</param>
    /// <param name="IsTransposed">Whether the summed axis is the last one.</param>
    /// <param name="Bias">[N]; null for none.</param>
    /// <param name="Last">The node that makes the result, bias included.</param>
    private sealed record MatrixProduct(OnnxTensor Weight, bool IsTransposed, string? Bias, OnnxNode Last);
}
