using System.Text.Json.Nodes;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>The pack of tiny graphs, and copies of it that a test may change.</summary>
internal static class TinyPack
{
    public static string Folder { get; } = RepositoryFolder.PathOf("tests", "Shared", "tiny-pack");

    /// <summary>Copies the pack, or another.</summary>
    public static void CopyTo(TemporaryFolder folder, string? pack = null) => folder.Fill(pack ?? Folder);

    /// <summary>Changes the contract of a copy.</summary>
    public static void ChangeContract(TemporaryFolder folder, Action<JsonObject> change)
    {
        string path = folder.PathOf("seedance.json");
        JsonObject contract = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(contract);
        File.WriteAllText(path, contract.ToJsonString());
    }

    /// <summary>Makes a graph of a copy want f to the power of 22 numbers besides, of latents [B, C, f, h, w]: 16 MiB for 5 frames, more than there are addresses for 17.</summary>
    public static void MakeGreedy(TemporaryFolder folder, string role, string latents, string output)
    {
        string path = folder.PathOf(role, "model.onnx");
        OnnxModel model = OnnxModel.Parse(File.ReadAllBytes(path));
        OnnxNode last = model.Graph.Nodes.Single(node => node.Outputs.Contains(output));
        last.Outputs[0] = "modest";
        GraphBuilder builder = new(model.Graph, "greedy");
        string Square(string value) => builder.Add("Mul", [value, value]);
        string f = builder.Add("Gather", [builder.Add("Shape", [latents]), builder.Integers(2)]);
        string square = Square(f), fourth = Square(square), sixteenth = Square(Square(fourth));
        string count = builder.Add("Mul", [builder.Add("Mul", [sixteenth, fourth]), square]);
        string zero = builder.Add("ReduceMax", [builder.Add("ConstantOfShape", [count])], OnnxAttribute.Create("keepdims", 0L));
        model.Graph.Nodes.Add(new OnnxNode("Add", ["modest", zero], [output]));
        model.Save(path);
    }

    /// <summary>Makes a graph of a copy compute for minutes before it gives the output that it gave.</summary>
    public static void MakeSlow(TemporaryFolder folder, string role, string input, string output)
    {
        const int Side = 512;
        string path = folder.PathOf(role, "model.onnx");
        OnnxModel model = OnnxModel.Parse(File.ReadAllBytes(path));
        OnnxNode last = model.Graph.Nodes.Single(node => node.Outputs.Contains(output));
        last.Outputs[0] = "quick";
        GraphBuilder builder = new(model.Graph, "slow");
        string sum = builder.Add("ReduceSum", [builder.Add("Cast", [input], OnnxAttribute.Create("to", (long)OnnxElementType.Float32))], OnnxAttribute.Create("keepdims", 0L));
        string nothing = builder.Add("Expand", [builder.Add("Mul", [sum, builder.Number(0)]), builder.Integers(Side, Side)]);
        string turns = builder.Constant<long>("turns", [100_000]);
        string squared = builder.Add("Loop", [turns, "", nothing], OnnxAttribute.Create("body", Squaring(Side)));
        string zero = builder.Add("ReduceMax", [squared], OnnxAttribute.Create("keepdims", 0L));
        model.Graph.Nodes.Add(new OnnxNode("Add", ["quick", zero], [output]));
        model.Save(path);
    }

    private static OnnxGraph Squaring(int side)
    {
        OnnxGraph body = new("body");
        GraphBuilder builder = new(body);
        builder.Input("turn", OnnxElementType.Int64);
        builder.Input("go_on", OnnxElementType.Bool);
        builder.Input("square", OnnxElementType.Float32, side, side);
        builder.Output(builder.Rename("go_on", "goes_on"), OnnxElementType.Bool);
        builder.Output(builder.Add("MatMul", ["square", "square"]), OnnxElementType.Float32, side, side);
        return body;
    }
}
