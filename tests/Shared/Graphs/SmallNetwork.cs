using Seedance.Onnx.Graphs;

namespace Seedance.Onnx.Testing;

/// <summary>A graph file with something for passes and conversions to do: two products of 32 KiB around a Gelu in pieces, and values of 10⁵ where asked for.</summary>
internal static class SmallNetwork
{
    /// <summary>y = x + gelu(x · first + bias) · second, with x and y [B, S, 64].</summary>
    public static void Write(string path, bool withLargeValues = false)
    {
        OnnxModel model = new(new OnnxGraph("small"), opset: 18);
        GraphBuilder graph = new(model.Graph), first = new(model.Graph, "/first"), second = new(model.Graph, "/second"), large = new(model.Graph, "/large");
        graph.Input("x", OnnxElementType.Float32, "B", "S", 64);
        string h = first.Add("MatMul", ["x", graph.Constant<float>("first", Weights(1, 64 * 128), 64, 128)]);
        h = first.Add("Add", [h, graph.Constant<float>("bias", Weights(2, 128), 128)]);
        string erf = first.Add("Erf", [first.Add("Div", [h, graph.Number(MathF.Sqrt(2))])]);
        h = first.Add("Mul", [first.Add("Mul", [h, first.Add("Add", [erf, graph.Number(1)])]), graph.Number(0.5f)]);
        h = withLargeValues ? large.Add("Mul", [large.Add("Mul", [h, graph.Number(1e6f)]), graph.Number(1e-6f)]) : h;
        h = second.Add("MatMul", [h, graph.Constant<float>("second", Weights(3, 128 * 64), 128, 64)]);
        graph.Output(graph.Rename(graph.Add("Add", [h, "x"]), "y"), OnnxElementType.Float32, "B", "S", 64);
        model.Metadata["origin"] = "a test";
        model.Save(path);
    }

    private static float[] Weights(int seed, int count)
    {
        float[] values = new float[count];
        new Sampling.TorchRandom((ulong)seed).FillUniform(values);
        return Array.ConvertAll(values, value => (value - 0.5f) / 4);
    }
}
