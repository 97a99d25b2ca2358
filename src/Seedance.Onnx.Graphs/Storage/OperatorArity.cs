namespace Seedance.Onnx.Graphs.Storage;

/// <summary>The inputs without which a node is no node of its operator, for operators that are rewritten here. Each of them makes at least one value, too.</summary>
internal static class OperatorArity
{
    private static readonly Dictionary<string, int> Least = new (int Inputs, string Operators)[]
    {
        (1, "Identity Cast Neg Sqrt Reciprocal Erf Tanh Sigmoid Softmax Transpose Reshape Concat Split Slice Squeeze Unsqueeze ReduceMean Dropout Cos Sin Gelu Flatten Pad Shape Size "
            + "com.microsoft.Gelu"),
        (2, "Add Sub Mul Div Pow MatMul Expand Gather Tile Gemm LayerNormalization SimplifiedLayerNormalization RMSNormalization"),
        (3, "Where"),
    }.SelectMany(group => group.Operators.Split(' ').Select(op => (op, group.Inputs))).ToDictionary(entry => entry.op, entry => entry.Inputs, StringComparer.Ordinal);

    /// <summary>What a node lacks; null when it lacks nothing, or its operator is not known here.</summary>
    public static string? FindProblem(OnnxNode node)
    {
        string domain = OpsetImports.Normalize(node.Domain);
        if (!Least.TryGetValue(domain.Length == 0 ? node.OpType : $"{domain}.{node.OpType}", out int least))
        {
            return null;
        }

        return node.Inputs.Count < least ? $"must have at least {least} inputs, but has {node.Inputs.Count}"
            : node.Outputs.Count < 1 ? "must have an output, but has none"
            : null;
    }
}
