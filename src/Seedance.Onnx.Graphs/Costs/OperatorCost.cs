using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Graphs.Costs;

/// <summary>The arithmetic of each operator, from the lengths of its axes. All shapes are known when it is asked.</summary>
internal static class OperatorCost
{
    /// <summary>Operations for an element, where they are not one; the usual counts, exponentials as one.</summary>
    private static readonly Dictionary<string, int> PerElement = new(StringComparer.Ordinal)
    {
        ["Softmax"] = 5,
        ["LogSoftmax"] = 5,
        ["LayerNormalization"] = 8,
        ["InstanceNormalization"] = 8,
        ["GroupNormalization"] = 8,
        ["RMSNormalization"] = 5,
        ["SimplifiedLayerNormalization"] = 5,
        ["com.microsoft.SkipLayerNormalization"] = 9,
        ["com.microsoft.SkipSimplifiedLayerNormalization"] = 6,
        ["BatchNormalization"] = 2,
        ["Gelu"] = 5,
        ["com.microsoft.Gelu"] = 5,
        ["com.microsoft.BiasGelu"] = 6,
        ["com.microsoft.FastGelu"] = 8,
        ["com.microsoft.QuickGelu"] = 5,
        ["Sigmoid"] = 3,
        ["HardSwish"] = 4,
        ["HardSigmoid"] = 3,
        ["RotaryEmbedding"] = 3,
        ["com.microsoft.RotaryEmbedding"] = 3,
        ["Resize"] = 7,
    };

    /// <summary>Operators that only move elements.</summary>
    private static readonly HashSet<string> Moves = new(StringComparer.Ordinal)
    {
        "Transpose", "Concat", "Split", "Slice", "Gather", "GatherElements", "GatherND", "Expand", "Tile", "Pad", "DepthToSpace", "SpaceToDepth", "Cast", "CastLike", "ConstantOfShape",
        "Range", "Scatter", "ScatterElements", "ScatterND", "Where", "Dropout", "OneHot", "NonZero", "Compress", "If", "Loop", "Scan", "TopK", "Not", "EyeLike", "Trilu",
        "MatMul", "Gemm", "Conv", "ConvTranspose", "MatMulInteger", "QLinearMatMul", "QLinearConv", "ConvInteger", "Einsum", "LSTM", "GRU", "RNN",
        "com.microsoft.FusedMatMul", "com.microsoft.FusedConv", "com.microsoft.DynamicQuantizeMatMul", "com.microsoft.MatMulIntegerToFloat", "com.microsoft.MatMulNBits",
    };

    public static long MultiplyAdds(string op, OnnxNode node, InferredValue?[] inputs, InferredValue?[] outputs) => op switch
    {
        "MatMul" or "MatMulInteger" or "QLinearMatMul" or "com.microsoft.DynamicQuantizeMatMul" or "com.microsoft.MatMulIntegerToFloat" or "com.microsoft.MatMulNBits"
            => checked(Count(outputs) * Dims(inputs, 0)[^1]),
        "com.microsoft.FusedMatMul" => checked(Count(outputs) * Dims(inputs, 0)[node.Int("transA", 0) != 0 ? ^2 : ^1]),
        "Gemm" => checked(Count(outputs) * Dims(inputs, 0)[node.Int("transA", 0) != 0 ? 0 : 1]),
        // Weights are [outputs, inputs / groups, kernel …]: each output element sums over all but the first axis.
        "Conv" or "com.microsoft.FusedConv" or "ConvInteger" => checked(Count(outputs) * Product(Dims(inputs, 1), 1)),
        "QLinearConv" => checked(Count(outputs) * Product(Dims(inputs, 3), 1)),
        // And [inputs, outputs / groups, kernel …]: each input element is spread over them.
        "ConvTranspose" => checked(Count(inputs) * Product(Dims(inputs, 1), 1)),
        "Einsum" => Einsum(node, inputs),
        "Attention" => Attention(Dims(inputs, 0), Dims(inputs, 1), Dims(inputs, 2), node.Int("q_num_heads", 1), node.Int("kv_num_heads", 1)),
        "com.microsoft.MultiHeadAttention" when inputs.Length > 2 && inputs[1] is not null && inputs[2] is not null
            => Attention(Dims(inputs, 0), Dims(inputs, 1), Dims(inputs, 2), node.Int("num_heads", 1), node.Int("num_heads", 1)),
        "LSTM" => Recurrent(inputs, 4),
        "GRU" => Recurrent(inputs, 3),
        "RNN" => Recurrent(inputs, 1),
        _ => 0,
    };

    public static long OtherFlops(string op, OnnxNode node, InferredValue?[] inputs, InferredValue?[] outputs)
    {
        if (Moves.Contains(op))
        {
            // A bias adds one to each element.
            return op is "Conv" or "Gemm" or "ConvTranspose" && inputs.Length > 2 && inputs[2] is not null ? Count(outputs) : 0;
        }

        if (outputs is [{ ElementType: not (OnnxElementType.Float32 or OnnxElementType.Float16 or OnnxElementType.Float64 or OnnxElementType.BFloat16) }, ..]
            && inputs is [{ ElementType: not (OnnxElementType.Float32 or OnnxElementType.Float16 or OnnxElementType.Float64 or OnnxElementType.BFloat16) }, ..])
        {
            return 0;
        }

        bool reduces = op.StartsWith("Reduce", StringComparison.Ordinal) || op.StartsWith("Global", StringComparison.Ordinal) || op is "ArgMax" or "ArgMin" or "CumSum";
        return op switch
        {
            "Attention" or "com.microsoft.MultiHeadAttention" => 0,
            _ when reduces => Count(inputs),
            $"{RowProgram.Domain}.{RowProgram.Operator}" => checked(Count(outputs) * Rows(node)),
            _ => checked(Count(outputs) * PerElement.GetValueOrDefault(op, 1)),
        };
    }

    /// <summary>Operations for an element of a row program.</summary>
    private static long Rows(OnnxNode node) => RowProgram.Parse(node.Text(RowProgram.Attribute, "")).Steps.Sum(step => step.Operation switch
    {
        RowOperation.MulAdd => 2,
        RowOperation.Norm => 6,
        RowOperation.Rms => 4,
        RowOperation.Rotate => 3,
        RowOperation.Swish => 5,
        _ => 1,
    });

    private static long Count(InferredValue?[] values) => values.Length > 0 ? values[0]?.ElementCount ?? 0 : 0;

    private static ImmutableArray<long> Dims(InferredValue?[] values, int index) => values[index]!.Lengths!.Value;

    private static long Product(ImmutableArray<long> lengths, int from) => lengths.Skip(from).Aggregate(1L, (a, b) => checked(a * b));

    /// <summary>q · kᵀ and probabilities · v, from [B, S, heads · d] or [B, heads, S, d].</summary>
    private static long Attention(ImmutableArray<long> q, ImmutableArray<long> k, ImmutableArray<long> v, long heads, long keyHeads)
    {
        (long tokens, long size) = q.Length == 4 ? (q[2], q[3]) : (q[1], q[2] / heads);
        (long keys, long valueSize) = (k.Length == 4 ? k[2] : k[1], v.Length == 4 ? v[3] : v[2] / keyHeads);
        return checked(q[0] * (q.Length == 4 ? q[1] : heads) * tokens * keys * (size + valueSize));
    }

    private static long Recurrent(InferredValue?[] inputs, long gates)
    {
        // W is [directions, gates · hidden, input] and R [directions, gates · hidden, hidden].
        ImmutableArray<long> x = Dims(inputs, 0), r = Dims(inputs, 2);
        return checked(x[0] * x[1] * r[0] * gates * r[2] * (x[2] + r[2]));
    }

    private static long Einsum(OnnxNode node, InferredValue?[] inputs)
    {
        string[] terms = node.Text("equation", "").Replace(" ", "", StringComparison.Ordinal).Split("->")[0].Split(',');
        Dictionary<char, long> lengths = [];
        for (int i = 0; i < Math.Min(terms.Length, inputs.Length); i++)
        {
            for (int axis = 0; axis < Math.Min(terms[i].Length, Dims(inputs, i).Length); axis++)
            {
                lengths[terms[i][axis]] = Dims(inputs, i)[axis];
            }
        }

        return terms.Length < 2 ? 0 : lengths.Values.Aggregate(1L, (a, b) => checked(a * b));
    }
}
