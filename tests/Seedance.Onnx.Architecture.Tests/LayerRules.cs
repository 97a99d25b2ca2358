namespace Seedance.Onnx.Architecture;

/// <summary>Which project may reference which. src/README.md says why.</summary>
internal static class LayerRules
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["OnnxRuntime"] = [],
        ["Seedance.Onnx.Core"] = [],
        ["Seedance.Onnx.Graphs"] = ["Seedance.Onnx.Core"],
        ["Seedance.Onnx.Ort"] = ["Seedance.Onnx.Core", "OnnxRuntime"],
        ["Seedance.Onnx.Media"] = ["Seedance.Onnx.Core"],
        ["Seedance.Onnx"] = ["Seedance.Onnx.Core", "Seedance.Onnx.Graphs", "Seedance.Onnx.Ort", "Seedance.Onnx.Media"],
        ["Seedance.Onnx.Cli"] = ["Seedance.Onnx", "Seedance.Onnx.Server"],
        ["Seedance.Onnx.Server"] = ["Seedance.Onnx"],
        ["Seedance.Onnx.Architecture.Tests"] = [],
        // The library knows no ONNX Runtime; its tests run graphs before and after a change.
        ["Seedance.Onnx.Graphs.Tests"] = ["Seedance.Onnx.Graphs", "OnnxRuntime"],
    };

    /// <summary>Every reference that the layers do not allow. A test or benchmark project may reference the project it is named after.</summary>
    public static IEnumerable<string> FindForbidden(IReadOnlyDictionary<string, string[]> references) =>
        from project in references
        from target in project.Value
        where !AllowedFor(project.Key).Contains(target, StringComparer.Ordinal)
        select $"{project.Key} -> {target}";

    /// <summary>Projects that neither stand in the list nor test one that does.</summary>
    public static IEnumerable<string> FindUnknown(IEnumerable<string> projects) =>
        projects.Where(project => !Allowed.ContainsKey(project) && !Allowed.ContainsKey(Subject(project)));

    private static string[] AllowedFor(string project) => Allowed.TryGetValue(project, out string[]? targets) ? targets : [Subject(project)];

    private static string Subject(string project) =>
        Path.GetExtension(project) is ".Tests" or ".Benchmarks" ? Path.GetFileNameWithoutExtension(project) : "";
}
