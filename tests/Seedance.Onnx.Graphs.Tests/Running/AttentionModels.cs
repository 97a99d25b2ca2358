namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>Attention in the shapes that exporters write: 4 heads of 16, queries [B, S, 64], keys and values [B, T, 64].</summary>
internal static class AttentionModels
{
    /// <summary>Builds one.</summary>
    /// <param name="scale">Where 1/√d is: none, query, key, both, scores, divided scores.</param>
    /// <param name="bias">What is added to the scores, or filled in.</param>
    /// <param name="layout">heads: [B, heads, S, d] come in and go out; projections: split from and merged to [B, S, D]; one transpose: kᵀ comes straight from the split; qk-norm: heads, normalised.</param>
    public static OnnxModel Build(string scale, string bias, string layout) => TinyModels.Build(g =>
    {
        bool split = layout is "projections" or "one transpose";
        string q = Heads(g, "q", "S", split), v = Heads(g, "v", "T", split), k;
        string key;
        if (layout == "qk-norm")
        {
            q = g.Add("LayerNormalization", [q, g.Constant<float>("gq", Numbers.Between(1, 16), 16)]);
        }

        if (layout == "one transpose")
        {
            g.Input("k", OnnxElementType.Float32, "B", "T", 64);
            k = g.Add("Reshape", ["k", g.Integers(0, 0, 4, 16)]);
            key = g.Add("Transpose", [k], OnnxAttribute.Create("perm", [0, 2, 3, 1]));
        }
        else
        {
            k = Heads(g, "k", "T", split);
            k = layout == "qk-norm" ? g.Add("LayerNormalization", [k, g.Constant<float>("gk", Numbers.Between(2, 16), 16)]) : k;
            k = scale == "key" ? g.Add("Mul", [k, g.Number(0.25f)]) : k;
            key = g.Add("Transpose", [k], OnnxAttribute.Create("perm", [0, 1, 3, 2]));
        }

        q = scale == "query" ? g.Add("Mul", [q, g.Number(0.25f)]) : scale == "both" ? g.Add("Mul", [q, g.Number(0.5f)]) : q;
        key = scale == "both" ? g.Add("Mul", [key, g.Number(0.5f)]) : key;
        string scores = g.Add("MatMul", [q, key]);
        scores = bias == "scaled after bias" ? scores : scale == "scores" ? g.Add("Mul", [scores, g.Number(0.25f)]) : scale == "divided scores" ? g.Add("Div", [scores, g.Number(4)]) : scores;
        scores = Biased(g, scores, bias);
        string heads = g.Add("MatMul", [g.Add("Softmax", [scores], OnnxAttribute.Create("axis", bias == "softmax over queries" ? 2 : -1)), v]);
        string merged = split ? g.Add("Reshape", [g.Add("Transpose", [heads], OnnxAttribute.Create("perm", [0, 2, 1, 3])), g.Integers(0, 0, -1)]) : heads;
        g.Output(g.Rename(merged, "y"), OnnxElementType.Float32, split ? ["B", "S", 64] : ["B", 4, "S", 16]);
    });

    /// <summary>[B · heads, S, d], as older exporters write it.</summary>
    public static OnnxModel BatchedHeads(bool biased) => TinyModels.Build(g =>
    {
        g.Input("q", OnnxElementType.Float32, "B", "S", 16);
        g.Input("k", OnnxElementType.Float32, "B", "T", 16);
        g.Input("v", OnnxElementType.Float32, "B", "T", 16);
        string scores = g.Add("Mul", [g.Add("MatMul", ["q", g.Add("Transpose", ["k"], OnnxAttribute.Create("perm", [0, 2, 1]))]), g.Number(0.25f)]);
        scores = biased ? g.Add("Add", [scores, g.Input("bias", OnnxElementType.Float32, "B", "S", "T")]) : scores;
        g.Output(g.Rename(g.Add("MatMul", [g.Add("Softmax", [scores], OnnxAttribute.Create("axis", -1)), "v"]), "y"), OnnxElementType.Float32, "B", "S", 16);
    });

    private static string Heads(GraphBuilder g, string name, string tokens, bool split)
    {
        g.Input(name, OnnxElementType.Float32, split ? ["B", tokens, 64] : ["B", 4, tokens, 16]);
        return split ? g.Add("Transpose", [g.Add("Reshape", [name, g.Integers(0, 0, 4, 16)])], OnnxAttribute.Create("perm", [0, 2, 1, 3])) : name;
    }

    private static string Biased(GraphBuilder g, string scores, string bias) => bias switch
    {
        "full" => g.Add("Add", [scores, g.Input("bias", OnnxElementType.Float32, "B", 4, "S", "T")]),
        "keys" => g.Add("Add", [scores, g.Input("bias", OnnxElementType.Float32, "B", 1, 1, "T")]),
        "heads" => g.Add("Add", [g.Input("bias", OnnxElementType.Float32, 4, "S", "T"), scores]),
        "square" => g.Add("Add", [scores, g.Input("bias", OnnxElementType.Float32, "S", "T")]),
        "where" => g.Add("Where", [g.Input("mask", OnnxElementType.Bool, "B", 1, 1, "T"), scores, g.Number(float.MinValue)]),
        "where not" => g.Add("Where", [g.Add("Not", [g.Input("mask", OnnxElementType.Bool, "B", 1, "S", "T")]), g.Number(float.NegativeInfinity), scores]),
        "two" => g.Add("Add", [g.Add("Add", [scores, g.Input("bias", OnnxElementType.Float32, "B", 1, 1, "T")]), g.Input("bias2", OnnxElementType.Float32, 1, 4, "S", "T")]),
        "scaled after bias" => g.Add("Mul", [g.Add("Add", [scores, g.Input("bias", OnnxElementType.Float32, "B", 1, 1, "T")]), g.Number(0.25f)]),
        "small fill" => g.Add("Where", [g.Input("mask", OnnxElementType.Bool, "B", 1, 1, "T"), scores, g.Number(-1)]),
        _ => scores,
    };
}
