namespace Seedance.Onnx.Sampling;

/// <summary>The solvers' names as packs, commands and requests over HTTP write them.</summary>
public static class SolverNames
{
    /// <summary>Every name: euler, heun, unipc, dpm++, lcm.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<SolverKind>().Select(ToName)];

    /// <summary>The name of a solver.</summary>
    /// <param name="kind">The solver.</param>
    /// <returns>Its name, lower case.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="kind"/> is no solver.</exception>
    public static string ToName(this SolverKind kind) => kind switch
    {
        SolverKind.Euler => "euler",
        SolverKind.Heun => "heun",
        SolverKind.UniPC => "unipc",
        SolverKind.DpmSolverPlusPlus => "dpm++",
        SolverKind.Lcm => "lcm",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such solver."),
    };

    /// <summary>Reads a solver's name.</summary>
    /// <param name="name">One of <see cref="All"/>, in the same case; anything else, null too, is no name.</param>
    /// <param name="kind">The solver; <see cref="SolverKind.Euler"/> when the answer is false.</param>
    /// <returns>Whether it is a solver's name.</returns>
    public static bool TryParse(string? name, out SolverKind kind)
    {
        int index = All.ToList().IndexOf(name ?? "");
        kind = index < 0 ? default : Enum.GetValues<SolverKind>()[index];
        return index >= 0;
    }
}
