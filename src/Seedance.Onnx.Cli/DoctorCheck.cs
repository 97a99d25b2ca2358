namespace Seedance.Onnx.Cli;

/// <summary>One thing that making videos needs.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Ok">Whether it is there and works.</param>
/// <param name="Detail">What was found; or what must be there, and what to install.</param>
internal sealed record DoctorCheck(string Name, bool Ok, string Detail)
{
    /// <summary>Looks, and takes an error of ours for the answer that the thing is not there.</summary>
    public static async Task<DoctorCheck> LookAsync(string name, Func<Task<string>> look)
    {
        try
        {
            return new DoctorCheck(name, Ok: true, await look().ConfigureAwait(false));
        }
        catch (SeedanceException missing)
        {
            return new DoctorCheck(name, Ok: false, missing.Message);
        }
    }
}
