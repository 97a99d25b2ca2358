namespace Seedance.Onnx.Forecasts;

/// <summary>What operators of one class do together, on whatever device.</summary>
/// <param name="Class">The class.</param>
/// <param name="Flops">Floating-point operations, two for each multiply-add.</param>
/// <param name="Values">Numbers read and written, each input and output once; bytes are these times the width of the number format.</param>
/// <param name="Exponentials">Scores of attention, of which each takes an exponential; 0 for other classes.</param>
/// <param name="Launches">How often the device is asked to do something.</param>
public sealed record OperatorWork(OperatorClass Class, double Flops, double Values, double Exponentials, double Launches)
{
    /// <summary>The same several times.</summary>
    /// <param name="times">How often.</param>
    /// <returns>The work of all of them.</returns>
    public OperatorWork Times(double times) => new(Class, Flops * times, Values * times, Exponentials * times, Launches * times);
}
