using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>The graphs of the pack in onnx/, or of the one that SEEDANCE_TEST_PACK names. Tests of a graph that is not there are skipped.</summary>
internal static class ShippedPack
{
    public static OnnxModel Load(string graph)
    {
        string folder = Environment.GetEnvironmentVariable("SEEDANCE_TEST_PACK") ?? RepositoryFolder.PathOf("onnx", "seedance-mini");
        string path = Path.Combine(folder, graph, "model.onnx");
        Skip.IfNot(File.Exists(path), $"the pack's graph '{graph}' is not there: {path}");
        return OnnxModel.Load(path);
    }
}
