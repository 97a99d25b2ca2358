namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>Models that tests need more than once.</summary>
internal static class TinyModels
{
    public const long Opset = 18;

    /// <summary>A model of opset 18 that <paramref name="build"/> fills.</summary>
    public static OnnxModel Build(Action<GraphBuilder> build, long opset = Opset)
    {
        OnnxModel model = new(new OnnxGraph("tiny"), opset);
        build(new GraphBuilder(model.Graph));
        foreach (OnnxNode node in model.Graph.AllNodes)
        {
            model.Opsets.Require(node.Domain);
        }

        return model;
    }

    /// <summary>y = x · weight + bias with x [N, 64], weight [64, 128] (32 KiB: large) and bias [128] (small).</summary>
    public static OnnxModel Linear() => Build(graph =>
    {
        graph.Input("x", OnnxElementType.Float32, "N", 64);
        string weight = graph.Constant<float>("weight", Numbers.Between(1, 64 * 128), 64, 128);
        string bias = graph.Constant<float>("bias", Numbers.Between(2, 128), 128);
        graph.Output(graph.Rename(graph.Add("Add", [graph.Add("MatMul", ["x", weight]), bias]), "y"), OnnxElementType.Float32, "N", 128);
    });

    /// <summary>y = x when flag holds, −x otherwise, in two inner graphs that read x from around them.</summary>
    public static OnnxModel Branch() => Build(graph =>
    {
        graph.Input("x", OnnxElementType.Float32, "N");
        graph.Input("flag", OnnxElementType.Bool);
        OnnxGraph Inner(string op)
        {
            GraphBuilder inner = new(new OnnxGraph(op), "/" + op);
            inner.Output(inner.Add(op, ["x"]), OnnxElementType.Float32, "N");
            return inner.Graph;
        }

        graph.Output(graph.Add("If", ["flag"], OnnxAttribute.Create("then_branch", Inner("Identity")), OnnxAttribute.Create("else_branch", Inner("Neg"))),
            OnnxElementType.Float32, "N");
    });
}
