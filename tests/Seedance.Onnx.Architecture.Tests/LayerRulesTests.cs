namespace Seedance.Onnx.Architecture;

[Trait("Tier", "Unit")]
public sealed class LayerRulesTests
{
    [Fact]
    public void ProjectReferences_OfThisRepository_StayInTheirLayers()
    {
        IReadOnlyDictionary<string, string[]> references = SourceTree.Repository.ProjectReferences();

        Assert.Contains("Seedance.Onnx.Core", references.Keys);
        Assert.Empty(LayerRules.FindUnknown(references.Keys));
        Assert.Empty(LayerRules.FindForbidden(references));
    }

    [Theory]
    [InlineData("Seedance.Onnx.Core", "Seedance.Onnx.Ort")]
    [InlineData("Seedance.Onnx.Graphs", "OnnxRuntime")]
    [InlineData("Seedance.Onnx.Cli", "Seedance.Onnx.Ort")]
    [InlineData("Seedance.Onnx.Core.Tests", "Seedance.Onnx.Media")]
    public void FindForbidden_EdgeOutsideTheLayers_IsReported(string project, string target)
    {
        Dictionary<string, string[]> references = new(StringComparer.Ordinal) { [project] = [target] };

        IEnumerable<string> forbidden = LayerRules.FindForbidden(references);

        Assert.Equal([$"{project} -> {target}"], forbidden);
    }

    [Fact]
    public void FindUnknown_ProjectThatNoRuleNames_IsReported()
    {
        string[] projects = ["Seedance.Onnx.Core", "Seedance.Onnx.Core.Benchmarks", "Seedance.Onnx.Helpers"];

        IEnumerable<string> unknown = LayerRules.FindUnknown(projects);

        Assert.Equal(["Seedance.Onnx.Helpers"], unknown);
    }

    [Fact]
    public void Solution_OfThisRepository_HoldsEveryProject()
    {
        string solution = SourceTree.Repository.Read("Seedance.Onnx.sln").Replace('\\', '/');

        string[] missing = [.. SourceTree.Repository.Files("*.csproj").Where(path => !solution.Contains($"\"{path}\"", StringComparison.Ordinal))];

        Assert.Empty(missing);
    }
}
